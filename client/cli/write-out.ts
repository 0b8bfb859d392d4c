/** Writes to standard output, and waits for a slow reader. */
export async function writeOut(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((drained) => process.stdout.once('drain', drained));
}
