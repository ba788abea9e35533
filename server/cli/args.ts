// Reads a command's arguments, strictly: what is not known is a usage problem, never ignored.

/** What a command takes. Keys of `options` are long names without the dashes. */
export interface ArgsShape {
  readonly options: Readonly<Record<string, OptionShape>>
  /** How many words beside the options, and what is wanted where there are too few; default none. */
  readonly words?: { readonly min: number; readonly max: number; readonly wanted?: string }
}

export interface OptionShape {
  readonly short?: string
  /**
   * `flag`: stands alone; `value`: takes the next word, or what follows "="; `values`: the same, may be
   * repeated.
   */
  readonly takes: 'flag' | 'value' | 'values'
}

export interface Args {
  readonly words: readonly string[]
  flag(name: string): boolean
  /** Null when it was not given. */
  value(name: string): string | null
  values(name: string): readonly string[]
}

/** Wrong usage: exit code 2. */
export interface UsageProblem {
  readonly problem: string
}

/** Reads arguments by their shape. `-h` and `--help` are known everywhere, as the flag "help". */
export function readArgs(args: readonly string[], shape: ArgsShape): Args | UsageProblem {
  const options = { ...shape.options, help: { short: 'h', takes: 'flag' } as const }
  const words: string[] = []
  const given = new Map<string, string[]>()
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (arg === '--') {
      words.push(...args.slice(at + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg)
      continue
    }
    const option = findOption(arg, options)
    if (!option) return { problem: `unknown option "${arg}"${hintFor(arg, options)}` }
    const { name, takes, inline } = option
    if (takes === 'flag' && inline !== null) return { problem: `"--${name}" takes no value` }
    if (takes !== 'values' && given.has(name)) return { problem: `"--${name}" is given twice` }
    const value = takes === 'flag' ? '' : (inline ?? args[++at])
    if (value === undefined) return { problem: `"${arg}" needs a value` }
    given.set(name, [...(given.get(name) ?? []), value])
  }
  return given.has('help') ? argsOf([], given) : withinBounds(words, given, shape)
}

function withinBounds(words: string[], given: Map<string, string[]>, shape: ArgsShape): Args | UsageProblem {
  const { min, max, wanted = 'an argument' } = shape.words ?? { min: 0, max: 0 }
  if (words.length > max) return { problem: `unexpected argument "${words[max]}"` }
  if (words.length < min) return { problem: `${wanted} is missing` }
  return argsOf(words, given)
}

function argsOf(words: readonly string[], given: ReadonlyMap<string, string[]>): Args {
  return {
    words,
    flag: (name) => given.has(name),
    value: (name) => given.get(name)?.[0] ?? null,
    values: (name) => given.get(name) ?? [],
  }
}

interface Found {
  readonly name: string
  readonly takes: OptionShape['takes']
  /** What followed "=". */
  readonly inline: string | null
}

function findOption(arg: string, options: Readonly<Record<string, OptionShape>>): Found | null {
  const equals = arg.indexOf('=')
  const written = equals < 0 ? arg : arg.slice(0, equals)
  const inline = equals < 0 ? null : arg.slice(equals + 1)
  for (const [name, { short, takes }] of Object.entries(options))
    if (written === `--${name}` || (short !== undefined && written === `-${short}`))
      return { name, takes, inline }
  return null
}

/** A long name that begins alike. */
function hintFor(arg: string, options: Readonly<Record<string, OptionShape>>): string {
  const start = arg.replace(/^-+/, '').slice(0, 3)
  const near = start.length < 2 ? undefined : Object.keys(options).find((name) => name.startsWith(start))
  return near === undefined ? '' : `; did you mean "--${near}"?`
}
