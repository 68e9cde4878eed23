import { en } from './en';
import { fr } from './fr';

/** One sentence, or one each for one thing and for several; {name} is filled in. */
export type Text = string | { one: string; other: string };
export type Key = keyof typeof en;
export type Dictionary = Record<Key, Text>;
export type Language = 'en' | 'fr';
type Values = Record<string, string | number>;

export const dictionaries: Record<Language, Dictionary> = { en, fr };
const KEY = 'alto.language';

/** The first of the browser's languages that we speak. */
export function preferred(languages: readonly string[]): Language {
  const spoken = languages.map((l) => l.slice(0, 2).toLowerCase()).find((l) => l in dictionaries);
  return (spoken as Language | undefined) ?? 'en';
}

export function fill(language: Language, text: Text, values: Values = {}): string {
  if (typeof text !== 'string') {
    const few = new Intl.PluralRules(language).select(Number(values.n)) === 'one';
    text = few ? text.one : text.other;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? value.toLocaleString(language) : value;
  });
}

class I18n {
  language = $state<Language>(this.#stored() ?? preferred(navigator.languages));

  #stored(): Language | undefined {
    const value = localStorage.getItem(KEY);
    return value === 'en' || value === 'fr' ? value : undefined;
  }

  /** How days and times are written: as the browser's own country does, if its language is the one shown. */
  get locale(): string {
    return navigator.languages.find((l) => l.startsWith(this.language)) ?? this.language;
  }

  choose(language: Language) {
    this.language = language;
    localStorage.setItem(KEY, language);
  }
}

export const i18n = new I18n();

/** A sentence whose key is made of the server's codes; undefined: there is none. */
export function sentenceOf(key: string, values?: Values): string | undefined {
  return key in en ? t(key as Key, values) : undefined;
}

export function t(key: Key, values?: Values): string {
  return fill(i18n.language, dictionaries[i18n.language][key], values);
}

/** Words for what the server names with a code: `prefix.code`, or the code itself where we have none. */
export function word(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return key in en ? t(key as Key) : code;
}
