import { isUtf8 } from 'node:buffer';
import { LARGEST_HEADER, LARGEST_LINE } from '../../domain/governance/export-format.ts';
import type { FileLine } from '../../domain/governance/verify-export.ts';

const LF = 0x0a;

/**
 * The lines of an export, in groups as they are read, so that memory is bounded by the longest line allowed. A line that is
 * not UTF-8, not ended by LF or too long comes without a text; after one that is too long nothing follows.
 */
export async function* readFileLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly FileLine[]> {
  let carried: Buffer[] = [];
  let carriedBytes = 0;
  let isFirst = true;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LF);
    if (end >= 0) {
      yield linesOf(Buffer.concat([...carried, chunk.subarray(0, end)]), isFirst);
      [carried, carriedBytes, isFirst] = [[], 0, false];
    }
    carried.push(chunk.subarray(end + 1));
    carriedBytes += chunk.length - end - 1;
    if (carriedBytes >= limitOf(isFirst)) {
      yield [tooLong(limitOf(isFirst))];
      return;
    }
  }
  if (carriedBytes > 0) yield [{ text: null, problem: 'the last line is not ended by LF' }];
}

/** Bytes that were ended by LF, without the last LF. */
function linesOf(bytes: Buffer, beginsFile: boolean): readonly FileLine[] {
  // Nearly always all of it is well; then one decoding serves all lines.
  if (!beginsFile && bytes.length < LARGEST_LINE && isUtf8(bytes))
    return bytes
      .toString('utf8')
      .split('\n')
      .map((text) => ({ text }));
  const lines: FileLine[] = [];
  for (let begin = 0; begin <= bytes.length;) {
    const lf = bytes.indexOf(LF, begin);
    const end = lf < 0 ? bytes.length : lf;
    lines.push(lineOf(bytes.subarray(begin, end), limitOf(beginsFile && lines.length === 0)));
    begin = end + 1;
  }
  return lines;
}

function lineOf(bytes: Buffer, limit: number): FileLine {
  if (bytes.length >= limit) return tooLong(limit);
  return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { text: null, problem: 'it is not UTF-8' };
}

/** The limits count the LF. */
function limitOf(isFirst: boolean): number {
  return isFirst ? LARGEST_HEADER : LARGEST_LINE;
}

function tooLong(limit: number): FileLine {
  return { text: null, problem: `it is longer than ${limit} bytes` };
}
