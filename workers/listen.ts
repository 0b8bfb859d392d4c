import { findPortHolder } from '../adapters/processes/ports.ts';
import { MlopsError } from '../domain/errors.ts';

/** Starts to listen; a port that somebody else has is told with who has it. @throws PORT_IN_USE */
export async function listenOn<T>(use: string, port: number, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const holder = (await findPortHolder(port)) ?? 'another program';
    throw new MlopsError('PORT_IN_USE', { use, port, holder }, { cause: error });
  }
}
