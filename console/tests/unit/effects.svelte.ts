/** As in a component that is there until the answer is called. */
export function inEffects(make: () => void): () => void {
  return $effect.root(make);
}
