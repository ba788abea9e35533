// What may stand at the end of a line. Commands and their words come from the table of commands; options, and
// commands within commands, from the help of each, which is what people are told; names from the gateway that
// runs.
import { TOPICS } from '../../tables/events.ts'
import type { CommandEntry, Completed, Names } from '../command.ts'
import type { Io } from '../io.ts'
import { type HelpOption, optionsIn, wordsIn } from './help.ts'
import { namesOfGateway } from './names.ts'

export type Commands = Readonly<Record<string, CommandEntry>>

interface World {
  readonly commands: Commands
  readonly io: Io
}

type Candidate = readonly [word: string, does: string]

export interface Candidates {
  readonly words: readonly Candidate[]
  /** The shell completes names of files itself. */
  readonly areFiles: boolean
}

const NOTHING: Candidates = { words: [], areFiles: false }
const FILES: Candidates = { words: [], areFiles: true }

/** `words` stand behind the name of the program; the last one is about to be completed. */
export async function candidatesFor(words: readonly string[], world: World): Promise<Candidates> {
  const { commands } = world
  const last = words.at(-1) ?? ''
  const [name, ...rest] = words.slice(0, -1)
  if (name === undefined)
    return begun(
      Object.entries(commands).map(([word, { does }]) => [word, does]),
      last,
    )
  if (!Object.hasOwn(commands, name)) return NOTHING
  const options = optionsIn(await helpOf(name, rest[0], world))
  const line: Line = { ...world, name, last, words, before: plainWords(rest, options) }
  const [, long = '', value] = /^(--[a-z-]+)=(.*)$/s.exec(last) ?? []
  if (value !== undefined) {
    const found = await ofKind(kindOf(long, options), { ...line, last: value })
    return { ...found, words: found.words.map(([word, does]) => [`${long}=${word}`, does]) }
  }
  const previous = rest.at(-1) ?? ''
  if (wantsValue(options.get(previous))) return ofKind(kindOf(previous, options), line)
  if (last.startsWith('-'))
    return begun(
      [...options].map(([option, { does }]) => [option, does]),
      last,
    )
  return ofKind(commands[name]?.words?.[line.before.length] ?? null, line)
}

interface Line extends World {
  readonly name: string
  readonly last: string
  readonly words: readonly string[]
  /** Words of the command that are neither options nor their values. */
  readonly before: readonly string[]
}

const begun = (all: readonly Candidate[], last: string): Candidates => ({
  words: all.filter(([word]) => word.startsWith(last)),
  areFiles: false,
})

/** Of a command, or of the one within it that the line names. */
async function helpOf(name: string, within: string | undefined, world: World): Promise<string> {
  const hasCommands = world.commands[name]?.words?.[0] === 'within'
  const inner = hasCommands && within !== undefined && !within.startsWith('-') ? [within] : []
  return (await printed(name, [...inner, '-h'], world)) || printed(name, ['-h'], world)
}

async function printed(name: string, args: readonly string[], { commands, io }: World): Promise<string> {
  let out = ''
  const listening: Io = { ...io, stdout: (text) => (out += text), stderr: () => {} }
  const command = await commands[name]?.load()
  await command?.(args, listening)
  return out
}

const wantsValue = (option: HelpOption | undefined): boolean => (option?.takes ?? null) !== null

const plainWords = (rest: readonly string[], options: ReadonlyMap<string, HelpOption>): readonly string[] =>
  rest.filter((word, at) => !word.startsWith('-') && !wantsValue(options.get(rest[at - 1] ?? '')))

const BY_OPTION: Readonly<Record<string, Completed>> = {
  '--backend': 'backends',
  '--listener': 'listeners',
}
/** By what helps call a value. */
const BY_VALUE: Readonly<Record<string, Completed>> = {
  FILE: 'files',
  ROLE: ['viewer', 'operator', 'editor', 'admin'],
  TOPICS: 'topics',
  METHOD: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  LEVEL: ['debug', 'info', 'warn', 'error'],
}

function kindOf(option: string, options: ReadonlyMap<string, HelpOption>): Completed | null {
  const value = options.get(option)?.takes ?? ''
  return BY_OPTION[option] ?? (Object.hasOwn(BY_VALUE, value) ? (BY_VALUE[value] ?? null) : null)
}

async function ofKind(kind: Completed | null, line: Line): Promise<Candidates> {
  if (kind === null) return NOTHING
  if (kind === 'files') return FILES
  return begun(await candidatesOf(kind, line), line.last)
}

async function candidatesOf(kind: Exclude<Completed, 'files'>, line: Line): Promise<readonly Candidate[]> {
  const { name, before } = line
  if (kind === 'within') {
    const from = line.commands[name]?.words?.indexOf('within') ?? 0
    return wordsIn(await printed(name, ['-h'], line), before.slice(from))
  }
  const found = typeof kind === 'string' ? await namesOf(kind, line) : kind
  return found.map((word) => [word, ''])
}

async function namesOf(kind: Names | 'topics' | 'examples', line: Line): Promise<readonly string[]> {
  if (kind === 'topics') return TOPICS
  if (kind === 'examples') return (await printed('example', ['--list'], line)).split(/\s+/)
  return namesOfGateway(kind, line.words, line.io)
}
