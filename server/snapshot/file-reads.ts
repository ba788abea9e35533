// What rules and steps are made of beside their words: files that they name. What was read is remembered, so
// that who says the same is made anew where a file says something else.
import type { FileTexts } from '../backends/tls.ts'

/** By their paths; null: none were. */
export type Reads = ReadonlyMap<string, string> | null

export class FileReads {
  readonly #texts: FileTexts
  #read: Map<string, string> | null = null

  constructor(texts: FileTexts) {
    this.#texts = texts
  }

  /** Its bytes, one character each; throws where the plan has none of them. */
  readonly textOf = (path: string): string => {
    const text = this.#texts[path]
    if (text === undefined) throw new Error(`the plan has no text for ${path}`)
    this.#read ??= new Map()
    this.#read.set(path, text)
    return text
  }

  get reads(): Reads {
    return this.#read
  }
}

/** Whether the files still say what they said. */
export function saysAsBefore(reads: Reads, texts: FileTexts): boolean {
  if (reads === null) return true
  for (const [path, text] of reads) if (texts[path] !== text) return false
  return true
}
