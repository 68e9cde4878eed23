export type Theme = 'system' | 'light' | 'dark';

const KEY = 'alto.theme';

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

class ThemeChoice {
  current = $state<Theme>(stored());

  apply() {
    if (this.current === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.current;
  }

  choose(theme: Theme) {
    this.current = theme;
    localStorage.setItem(KEY, theme);
    this.apply();
  }
}

export const theme = new ThemeChoice();
