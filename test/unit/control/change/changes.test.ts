import { expect, test } from 'bun:test'
import type { Applier, Outcome, Wish } from '../../../../server/control/change/apply.ts'
import { Changes } from '../../../../server/control/change/changes.ts'
import { Totals } from '../../../../server/telemetry/registry.ts'
import { configOf } from '../relay/turn-config.ts'

type Settle = (outcome: Outcome) => void

/** Changes whose transactions end when a test says so, each as it says. */
function scene(): {
  readonly changes: Changes
  readonly asked: Settle[]
  readonly wishes: readonly Wish[]
  readonly notes: string[]
  stop(): void
} {
  const asked: Settle[] = []
  const wishes: Wish[] = []
  const notes: string[] = []
  const applier = {
    running: { revision: 4, edition: { config: configOf({}) } },
    apply: (wish: Wish) => {
      wishes.push(wish)
      return new Promise<Outcome>((settle) => void asked.push(settle))
    },
  }
  let isOver = false
  const changes = new Changes({
    file: '/etc/sluice.yaml',
    source: {
      read: () => Promise.reject(new Error('the applier reads')),
      check: () => Promise.reject(new Error('nothing was given')),
      locate: (problems) => Promise.resolve([...problems]),
    },
    totals: new Totals(),
    history: () => null,
    book: () => null,
    applier: () => (isOver ? null : (applier as unknown as Applier)),
    onApplied: async () => void notes.push('applied'),
    tell: () => void notes.push('told'),
    onFileRefused: () => void notes.push('refused'),
    onBegin: () => void notes.push('begin'),
    onSettled: () => void notes.push('settled'),
  })
  return { changes, asked, wishes, notes, stop: () => void (isOver = true) }
}

const applied = (revision: number): Outcome =>
  ({
    is: 'applied',
    served: { revision, edition: { config: configOf({}), hash: 'abc' } },
  }) as unknown as Outcome

test('who asks for a reload hears the revision once it is served', async () => {
  const { changes, asked, notes } = scene()
  const reloaded = changes.reload()
  expect(notes).toEqual(['begin'])
  asked[0]?.(applied(5))
  expect(await reloaded).toEqual({ is: 'applied', revision: 5, hash: 'abc' })
  expect(notes).toEqual(['begin', 'applied', 'settled'])
})

test('a reload that a newer one takes the place of has the outcome of the newer one', async () => {
  const { changes, asked, notes } = scene()
  const [first, second] = [changes.reload(), changes.reload()]
  asked[0]?.({ is: 'superseded' })
  const problems = [{ path: 'workers', message: 'found x' }]
  asked[1]?.({ is: 'rejected', problems, edition: null })
  expect(await Promise.all([first, second])).toEqual([
    { is: 'rejected', revision: 4, problems },
    { is: 'rejected', revision: 4, problems },
  ])
  expect(notes).toEqual(['begin', 'refused', 'told', 'settled'])
})

test('a gateway that stops changes nothing, and says so', async () => {
  const { changes, asked, notes, stop } = scene()
  const late = changes.reload()
  stop()
  asked[0]?.(applied(5))
  expect(await late).toEqual({ is: 'not_now' })
  expect(await changes.reload()).toEqual({ is: 'not_now' })
  expect(notes).toEqual(['begin', 'settled', 'begin', 'settled'])
})

test('a dry run of somebody who has gone is given up when its turn comes; a change of theirs is not', async () => {
  const { changes, asked, wishes } = scene()
  const { signal } = new AbortController()
  const gone = AbortSignal.abort()
  const given = { text: 'workers: 1', by: null, expected: null, confirmWithinMs: null }
  const outcomes = [
    changes.apply({ ...given, isDryRun: true, signal: gone }),
    changes.apply({ ...given, isDryRun: true, signal }),
    changes.apply({ ...given, isDryRun: false, signal: gone }),
  ]
  const found = await Promise.all(wishes.map((wish) => wish.check()))
  expect(found.map((checked) => checked?.is ?? null)).toEqual([null, 'invalid', 'invalid'])
  for (const settle of asked) settle({ is: 'superseded' })
  // Whatever was applied last, it was not this.
  expect((await outcomes[0])?.changed).toEqual({ is: 'not_now' })
})

test('a dry run is no reload: who manages the service hears of none', async () => {
  const { changes, asked, notes } = scene()
  const given = { text: '', by: 'ann', account: 'user:ann', expected: null, confirmWithinMs: null }
  const tried = changes.apply({ ...given, isDryRun: true })
  asked[0]?.({ is: 'superseded' })
  expect((await tried).changed).toEqual({ is: 'not_now' })
  expect(notes).toEqual([])
})
