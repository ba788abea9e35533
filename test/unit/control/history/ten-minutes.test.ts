import { expect, test } from 'bun:test'
import { TenMinutes } from '../../../../server/control/history/ten-minutes.ts'
import { CELLS, type TenMinutesOf } from '../../../../server/tables/figures.ts'

const counted = (requests: number): TenMinutesOf[] => {
  const cells = new Float64Array(CELLS)
  cells[0] = requests
  return [{ kind: 'gateway', name: '', cells }]
}

function scene(): {
  readonly ten: TenMinutes
  readonly kept: number[]
  readonly told: string[]
  readonly disk: { why: string | null }
} {
  const kept: number[] = []
  const told: string[] = []
  const disk: { why: string | null } = { why: null }
  const add = (beganS: number): void => {
    if (disk.why !== null) throw new Error(disk.why)
    kept.push(beganS)
  }
  const tell = (_: string, event: string, fields: object = {}): void => {
    told.push(`${event} ${String((fields as { why?: string }).why ?? '')}`.trim())
  }
  return { ten: new TenMinutes({ figures: () => Promise.resolve({ add }), tell }), kept, told, disk }
}

test('while nothing can be kept that is told once, those of an hour wait, and are kept in their order', async () => {
  const { ten, kept, told, disk } = scene()
  ten.keep(600, counted(1))
  await ten.settled()
  disk.why = 'database or disk is full'
  for (let i = 2; i <= 9; i++) ten.keep(i * 600, counted(i))
  await ten.settled()
  expect(kept).toEqual([600])
  expect(told).toEqual(['figures_not_kept database or disk is full'])
  // They are answered from memory meanwhile.
  expect(ten.waiting('gateway', '').map(({ atS, cells }) => [atS, cells[0]])).toEqual(
    [4, 5, 6, 7, 8, 9].map((i) => [i * 600, i]) as never,
  )
  disk.why = null
  ten.keep(6000, counted(10))
  await ten.settled()
  expect(kept).toEqual([600, 3000, 3600, 4200, 4800, 5400, 6000])
  expect(told.at(-1)).toBe('figures_kept_again')
  expect(ten.waiting('gateway', '')).toEqual([])
})

test('a store that cannot be opened is told, too', async () => {
  const told: string[] = []
  const ten = new TenMinutes({
    figures: () => Promise.reject(new Error('attempt to write a readonly database')),
    tell: (_, event) => void told.push(event),
  })
  ten.keep(600, counted(1))
  await ten.settled()
  expect(told).toEqual(['figures_not_kept'])
})
