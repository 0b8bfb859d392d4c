/** What was given of what may be given: options that were left out are null, and are not there for the verbs behind them. */
export function given<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], null> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)) as {
    [Key in keyof T]?: Exclude<T[Key], null>;
  };
}
