// Children of the plainest kind, for tests: each runs kid.ts.
import { join } from 'node:path'
import { Child, type ChildOptions } from '../../../../server/control/children/child.ts'
import {
  ipcProcess,
  linked,
  linkedProcess,
  type ChildExit,
  type StartChild,
} from '../../../../server/control/children/child-start.ts'

export interface KidPlan {
  readonly type: 'plan'
  readonly number: number
  /** What it does when it is told of it. */
  readonly does: 'ready' | 'fail' | 'nothing' | 'die' | 'half' | 'garbage' | 'endless' | 'flood' | 'last'
  /** How many descriptors come with it. */
  readonly fds: number
}

export type ToldToKid =
  | KidPlan
  | { readonly type: 'commit'; readonly number: number }
  | { readonly type: 'question'; readonly id: number; readonly question: unknown }
  | { readonly type: 'drain'; readonly withinMs: number }

interface Beat {
  readonly type: 'beat'
  readonly i: number
}

type StartKid = ConstructorParameters<typeof Kid>[0]['start']

export class Kid extends Child<KidPlan, Beat, KidPlan> {
  readonly beats: number[] = []
  readonly exits: ChildExit[] = []
  /** What is handed over with each plan. */
  fds: readonly number[] = []

  constructor(options: Omit<ChildOptions<Beat, KidPlan>, 'name'>) {
    super({ name: 'the kid', ...options })
  }

  protected numberOf({ number }: KidPlan): number {
    return number
  }
  protected give(plan: KidPlan): KidPlan {
    this.sendFds(plan.number, this.fds)
    return { ...plan, fds: this.fds.length }
  }
  protected onSaid({ i }: Beat): void {
    this.beats.push(i)
  }
  protected onExit(how: ChildExit): void {
    this.exits.push(how)
  }
}

export const kidPlan = (number: number, does: KidPlan['does']): KidPlan => ({
  type: 'plan',
  number,
  does,
  fds: 0,
})

export type Way = 'ipc' | 'link'
export const WAYS: readonly Way[] = ['ipc', 'link']

/** Starts a kid, in one of the ways that children are reached. */
export const startKid = (way: Way, mood = ''): StartKid => startOf(way, commandOf(way, mood))

/** The same for any program. */
export function startOf<Said, Told>(way: Way, command: readonly string[]): StartChild<Said, Told> {
  return way === 'ipc' ? ipcProcess(command, {}) : linked(linkedProcess(command, {}))
}

const commandOf = (way: Way, mood: string): string[] => [
  process.execPath,
  join(import.meta.dir, 'kid.ts'),
  way,
  mood,
]
