// Files of certificates that were read when a config was checked: what was found good is what is served, and
// thousands of them are read once at a start.
import type { Config } from '../../config/schema.ts'

/** By path. */
export type ReadTexts = ReadonlyMap<string, string>

const NONE: ReadTexts = new Map()
const kept = new WeakMap<Config, ReadTexts>()

export function keepRead(
  config: Config,
  read: ReadonlyMap<string, Uint8Array | null>,
  paths: readonly string[],
): void {
  const texts = new Map<string, string>()
  for (const path of paths) {
    const bytes = read.get(path)
    if (bytes) texts.set(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'))
  }
  if (texts.size > 0) kept.set(config, texts)
}

/** Once: when the config is applied another time, its files may say something else. */
export function takeRead(config: Config): ReadTexts {
  const texts = kept.get(config) ?? NONE
  kept.delete(config)
  return texts
}
