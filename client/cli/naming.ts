const PRINCIPAL = /principal:[0-9a-f]{16,64}/g;
/** Names are a convenience: nobody waits long for them. */
const PATIENCE_MS = 1000;

/** Puts the names of people in the place of their opaque ids, in text for people. Ids whose names are not known stay. */
export type Naming = (text: string) => Promise<string>;

/** Names of ids are looked up once; while the database is away, ids stand for themselves. */
export function createNaming(lookUp: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>): Naming {
  const known = new Map<string, string>();
  return async (text) => {
    const ids = new Set(text.match(PRINCIPAL));
    const unknown = [...ids].filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const found = await withPatience(lookUp(unknown));
      for (const id of unknown) known.set(id, found.get(id) ?? id);
    }
    return text.replace(PRINCIPAL, (id) => known.get(id) ?? id);
  };
}

async function withPatience(names: Promise<ReadonlyMap<string, string>>): Promise<ReadonlyMap<string, string>> {
  const none = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ReadonlyMap<string, string>>((resolve) => {
    timer = setTimeout(() => resolve(none), PATIENCE_MS);
  });
  try {
    return await Promise.race([names.catch(() => none), late]);
  } finally {
    clearTimeout(timer);
  }
}
