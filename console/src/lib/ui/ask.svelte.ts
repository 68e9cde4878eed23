type Question = { title: string; about: string; yes: string; answer: (yes: boolean) => void };

class Ask {
  question = $state.raw<Question>();

  answer(yes: boolean) {
    const { question } = this;
    this.question = undefined;
    question?.answer(yes);
  }
}

export const asking = new Ask();

/** Asks before something is destroyed: true only if the person says so. */
export function sure(title: string, about: string, yes: string): Promise<boolean> {
  return new Promise((answer) => (asking.question = { title, about, yes, answer }));
}
