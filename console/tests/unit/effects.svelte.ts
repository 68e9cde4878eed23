/** As in a component that is there until the answer is called. */
export function inEffects(make: () => void): () => void {
  return $effect.root(make);
}

/** What a page's state would be. */
export function state<Value>(initial: Value): { value: Value } {
  let value = $state(initial);
  return {
    get value() {
      return value;
    },
    set value(next) {
      value = next;
    },
  };
}
