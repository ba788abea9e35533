// The machine of a worker within the test's process, with plans as the supervisor makes them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'bun:test'
import { loadConfig } from '../../../server/config/load.ts'
import type { Config } from '../../../server/config/schema.ts'
import { assignSlots, NO_SLOTS, planSlots } from '../../../server/control/processes/slots.ts'
import { privateRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import { InProcess, type SocketSource } from '../../../server/worker/in-process.ts'
import { within } from '../../support/wait.ts'

export const folder = mkdtempSync(join(tmpdir(), 'machines-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

type PlanBody = Parameters<InProcess['prepare']>[0]

const machines: InProcess[] = []

/** A machine; without sockets it binds by itself, as where descriptors cannot be handed on. */
export function machine(
  sockets: SocketSource = null,
  board = scoreboardOn(privateRegion(16, 1), 0),
): InProcess {
  const made = new InProcess(board, sockets)
  machines.push(made)
  return made
}

/** Stops all machines. */
export async function stopMachines(): Promise<void> {
  for (const made of [...machines]) await stop(made, 100)
}

/** Stops one; how many connections that cut off. */
export async function stop(made: InProcess, withinMs: number): Promise<number> {
  machines.splice(machines.indexOf(made), 1)
  const drained = new Promise<number>((resolve) => made.plane.drain(withinMs, resolve))
  const aborted = await within(drained, 'the drain')
  await made.plane.close()
  return aborted
}

/** A config of these words; without an access log. */
export function config(words: Record<string, unknown>): Config {
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, JSON.stringify({ logs: { access: { enabled: false } }, ...words }))
  const loaded = loadConfig(file, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}

/** A plan as the supervisor makes it; without backends there is nothing on the board. */
export function planOf(number: number, words: Config, more: Partial<PlanBody> = {}): PlanBody {
  const table = assignSlots(NO_SLOTS, words.backends, number, () => true)
  return {
    number,
    config: words,
    slots: planSlots(table, words.backends),
    records: table.records,
    reasons: {},
    door: null,
    certificates: {},
    challenges: {},
    ...more,
  }
}

/** Prepares and commits. */
export async function serve(made: InProcess, plan: PlanBody): Promise<void> {
  expect(await made.prepare(plan)).toBeNull()
  made.commit(plan)
}
