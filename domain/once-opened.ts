/** Opens something when it is first asked for; what could not be opened is tried again by who asks next. */
export function onceOpened<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | null = null;
  return async () => {
    opened ??= open();
    return await opened.catch((error: unknown) => {
      opened = null;
      throw error;
    });
  };
}
