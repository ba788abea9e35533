// The steps of a rule: made, or taken over from the snapshot before where their options are the same, with
// all that they have learned.
import type { FileTexts } from '../backends/tls.ts'
import { CacheStore } from '../cache/store.ts'
import type { Exchange } from '../http/exchange.ts'
import { machineMs } from '../lib/clock.ts'
import { pluginsOf } from '../lib/plugins-of.ts'
import { makeStep, wordsOf } from '../middleware/index.ts'
import type { MadeStep, Middleware, StepWords, StepWorld } from '../middleware/middleware.ts'
import type { MiddlewareConfig } from '../middleware/middleware.options.ts'
import { Registry } from '../telemetry/registry.ts'
import { FileReads, saysAsBefore } from './file-reads.ts'
import type { Rule } from './snapshot.ts'

/** What all steps of a process stand on. */
export type StepGround = Pick<
  StepWorld,
  'board' | 'cache' | 'counter' | 'limitReached' | 'now' | 'chance' | 'plugin'
>

/** For what is served: counted, limited and stored. */
export const servingGround = ({
  board,
  cache,
  registry,
  limits,
  chance,
}: Served): Omit<StepGround, 'plugin'> => ({
  board,
  cache,
  counter: (name, labels) => registry.counter(name, labels),
  limitReached: (limit, value) => limits.reached(limit, value),
  now: machineMs,
  chance,
})

interface Served extends Pick<StepWorld, 'board' | 'cache' | 'chance'> {
  readonly registry: Registry
  readonly limits: { reached(limit: string, value: number): void }
}

/** Nothing of it is used before something is stored. */
const SCRATCH_CACHE_BYTES = 64 * 1024 * 1024

/** For a compilation that serves nobody. */
export function scratchGround(board: StepWorld['board']): StepGround {
  const registry = new Registry()
  return {
    board,
    cache: new CacheStore(SCRATCH_CACHE_BYTES),
    counter: (name, labels) => registry.counter(name, labels),
    limitReached: () => {},
    now: machineMs,
    chance: () => 0.5,
    plugin: () => null,
  }
}

/** Where the steps of one rule come from. */
export interface StepSource {
  readonly rule: string
  readonly ground: StepGround
  /** What stands in the files that rules name. */
  readonly files: FileTexts
  /** Those of the rule of this name before; none at first. */
  readonly before: readonly MadeStep[]
}

/** Makes the steps of a rule, without those that are off; `at` names the place of what one throws. */
export function makeSteps(
  items: readonly MiddlewareConfig[],
  source: StepSource,
  at: <T>(place: number, make: () => T) => T,
): MadeStep[] {
  const made: MadeStep[] = []
  const all: StepWords[] = []
  for (const [place, item] of items.entries()) {
    const words = at(place, () => ({ ...wordsOf(item, all), code: codeOf(item, source.ground) }))
    all.push(words)
    if (words.mode !== 'off') made.push(at(place, () => madeOf(words, source, made)))
  }
  return made
}

function madeOf(words: StepWords, source: StepSource, made: readonly MadeStep[]): MadeStep {
  const { before, files } = source
  // The n-th of its name is the one that was the n-th: others may have come between them.
  const sameName = (list: readonly MadeStep[]): MadeStep[] =>
    list.filter((one) => one.words.name === words.name)
  const known = before.length === 0 ? undefined : sameName(before)[sameName(made).length]
  if (known !== undefined && saysTheSame(known.words, words) && saysAsBefore(known.reads, files)) return known
  const reads = new FileReads(files)
  const world = new World(source, words, reads, known?.step ?? null)
  const step = makeStep(words, world)
  world.previous = null
  return { words, step, reads: reads.reads }
}

const saysTheSame = (one: StepWords, other: StepWords): boolean =>
  one.code === other.code &&
  Bun.deepEquals(one.options, other.options, true) &&
  Bun.deepEquals(one.earlier, other.earlier, true)

/** Which code of plugins an item is made with. */
const codeOf = (item: MiddlewareConfig, { plugin }: StepGround): string =>
  pluginsOf(item)
    .map((name) => plugin(name)?.path ?? '')
    .join(' ')

class World implements StepWorld {
  readonly rule: string
  readonly earlier: readonly unknown[]
  readonly counter: StepWorld['counter']
  readonly board: StepWorld['board']
  readonly cache: StepWorld['cache']
  readonly limitReached: StepWorld['limitReached']
  readonly now: StepWorld['now']
  readonly chance: StepWorld['chance']
  readonly plugin: StepWorld['plugin']
  readonly refuse: StepWorld['refuse']
  readonly textOf: StepWorld['textOf']
  previous: StepWorld['previous']

  constructor(
    { ground, rule }: StepSource,
    words: StepWords,
    reads: FileReads,
    previous: StepWorld['previous'],
  ) {
    const { name, mode, earlier } = words
    this.rule = rule
    this.earlier = earlier
    this.counter = ground.counter
    this.board = ground.board
    this.cache = ground.cache
    this.limitReached = ground.limitReached
    this.now = ground.now
    this.chance = ground.chance
    this.plugin = ground.plugin
    this.previous = previous
    this.textOf = reads.textOf
    this.refuse =
      mode === 'shadow'
        ? (x) => {
            shadow(x, name)
            ground.counter('shadow_refusals_total', [rule, name]).add(1)
            return undefined
          }
        : (_, answer) => answer
  }
}

function shadow(x: Exchange, name: string): void {
  x.shadow = x.shadow === null ? name : `${x.shadow},${name}`
}

/** Which steps have which part: split once, so that nothing is looked up per request. */
export function splitSteps(
  steps: readonly Middleware<unknown>[],
): Pick<
  Rule,
  | 'steps'
  | 'requestSteps'
  | 'responseSteps'
  | 'bodySteps'
  | 'uploadSteps'
  | 'endSteps'
  | 'hasNotes'
  | 'seesBody'
> {
  const placesOf = (has: (step: Middleware<unknown>) => boolean): number[] =>
    steps.flatMap((step, place) => (has(step) ? [place] : []))
  return {
    steps,
    requestSteps: placesOf((step) => step.request !== undefined),
    responseSteps: placesOf((step) => step.response !== undefined),
    bodySteps: placesOf((step) => step.body !== undefined),
    uploadSteps: placesOf((step) => step.requestBody !== undefined),
    endSteps: placesOf((step) => step.end !== undefined),
    hasNotes: steps.some((step) => step.note !== undefined),
    seesBody: steps.some((step) => step.seesBody === true),
  }
}
