import type { Offset } from '../tree.ts'

interface Block {
  readonly from: Offset
  readonly to: Offset
}

/** The list with one item in another place, counted without it. */
export function withMoved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.toSpliced(from, 1)
  return [...rest.slice(0, to), ...list.slice(from, from + 1), ...rest.slice(to)]
}

/** The text with one of these blocks in another place among them; what stands between them stays there. */
export function permuted(text: string, blocks: readonly Block[], from: number, to: number): string {
  const bodies = blocks.map((block) => text.slice(block.from, block.to))
  let made = text.slice(0, blocks[0]?.from ?? 0)
  for (const [index, body] of withMoved(bodies, from, to).entries())
    made += body + text.slice(blocks[index]?.to ?? text.length, blocks[index + 1]?.from ?? text.length)
  return made
}
