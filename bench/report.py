"""Rows of figures: medians, ratios, targets and verdicts; as JSON and as a table to read."""
import statistics

MET, MISSED, BOUND, UNMEASURED = 'met', 'missed', 'bound by the generator', 'not measured'


class Report:
    def __init__(self):
        self.rows, self.sections = [], []

    def section(self, title):
        self.sections.append((len(self.rows), title))

    def row(self, name, unit, values, *, target=None, good=None, note='', generator_bound=False):
        """values: one a run. good: of the median, for rows with a target."""
        values = [v for v in values if v is not None]
        row = {'name': name, 'unit': unit, 'values': [round(v, 4) for v in values], 'median': None}
        if values:
            row['median'] = round(statistics.median(values), 4)
        if target is not None:
            row['target'] = target
        if not values:
            row['verdict'] = UNMEASURED
        elif generator_bound:
            row['verdict'] = BOUND
        elif good is not None:
            row['verdict'] = MET if good(row['median']) else MISSED
        if note:
            row['note'] = note
        self.rows.append(row)
        return row['median']

    def ratio(self, name, above, below, *, target=None, good=None, note='', generator_bound=False):
        """Run by run, since only figures of one run may be compared."""
        pairs = [a / b for a, b in zip(above, below) if a is not None and b]
        return self.row(name, 'ratio', pairs, target=target, good=good, note=note, generator_bound=generator_bound)

    def text(self):
        titles = dict(self.sections)
        width = max(len(r['name']) for r in self.rows)
        lines = []
        for i, r in enumerate(self.rows):
            if i in titles:
                lines += ['', titles[i], '-' * len(titles[i])]
            median = '-' if r['median'] is None else f'{r["median"]:,.4g}' if r['median'] < 1000 else f'{r["median"]:,.0f}'
            runs = '  '.join(f'{v:,.4g}' if v < 1000 else f'{v:,.0f}' for v in r['values'])
            tail = '  '.join(x for x in (f'target {r["target"]}' if 'target' in r else '', r.get('verdict', '').upper()
                                         if r.get('verdict') != UNMEASURED else UNMEASURED) if x)
            lines.append(f'{r["name"]:<{width}}  {median:>9} {r["unit"]:<7} {"[" + runs + "]" if runs else "":<26} {tail}'
                         .rstrip())
            if 'note' in r:
                lines.append(' ' * 4 + r['note'])
        return '\n'.join(lines)
