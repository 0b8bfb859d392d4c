// A process that stores a file, to be killed: `put-artifact.ts <store> <file> <chunk bytes>`. Says each chunk on standard output.
import { openFileStore } from './artifacts.ts';

const [root = '', path = '', chunkBytes = ''] = process.argv.slice(2);
const { store } = openFileStore(root, { chunkBytes: Number(chunkBytes) });
const { digest } = await store.put(path, { onProgress: (bytes) => process.stdout.write(`${bytes}\n`) });
process.stdout.write(`digest ${digest}\n`);
