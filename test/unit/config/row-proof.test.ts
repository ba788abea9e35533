// What is told of a large text by reading a few of its lines is what reading all of it tells.
import { expect, test } from 'bun:test'
import { rowProof } from '../../../server/config/edit/row-proof.ts'
import { Sheet } from '../../../server/config/edit/sheet.ts'
import { splices } from '../../../server/config/edit/splices.ts'
import { type Edit, isSame, withEdit } from '../../../server/config/edit/values.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

const COUNT = 400
const rules = Array.from(
  { length: COUNT },
  (_, i) => `  # of rule ${i}\n  - name: rule-${i}\n    match: { path: "/p${i}/*" }\n    backend: b${i}`,
)
const backends = Array.from(
  { length: COUNT },
  (_, i) => `  b${i}:\n    servers:\n      - { url: "http://10.0.0.1:${i}", weight: 1 }   # one`,
)
const TEXT = `# all\nrules:\n${rules.join('\n')}\nbackends:\n${backends.join('\n')}\nworkers: 2\n`
const sheet = Sheet.read('a.yaml', TEXT) as Sheet
const DAMAGE = [
  '\n',
  ' ',
  '- ',
  '  ',
  '}',
  '{',
  '"',
  '#',
  ':',
  'b3',
  'b7:\n',
  '[',
  'x: 1\n',
  '---\n',
  ', a: 1',
]

test('it is never told that a text says what was wanted when all of it says something else', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  let proven = 0
  for (let i = 0; i < 500; i++) {
    const at = random.below(COUNT)
    const rule = { name: `new-${i}`, match: { path: '/new' }, backend: `b${at}` }
    const server = { url: 'http://10.0.0.9:1', weight: 3 }
    const edit = random.pick<Edit>([
      { do: 'insert', path: ['rules', random.below(COUNT + 1)], to: rule },
      { do: 'set', path: ['rules', at, 'backend'], to: 'other' },
      { do: 'remove', path: ['rules', at] },
      { do: 'insert', path: ['backends', `n${i}`], to: { servers: [server] } },
      { do: 'insert', path: ['backends', `b${at}`, 'servers', 1], to: server },
      { do: 'remove', path: ['backends', `b${at}`] },
      { do: 'rename', path: ['backends', `b${at}`], to: `n${i}` },
    ])
    const goal = withEdit(sheet.value, edit)
    const [spliced = TEXT] = splices(sheet, edit, goal)
    let candidate = spliced
    // Half of them are spoilt where they were changed.
    if (random.below(2) === 0) {
      let near = 0
      while (near < spliced.length && spliced[near] === TEXT[near]) near++
      const place = Math.max(0, near + random.below(80) - 40)
      candidate = spliced.slice(0, place) + random.pick(DAMAGE) + spliced.slice(place + random.below(4))
    }
    if (rowProof(sheet, candidate, goal) !== true) continue
    proven++
    const whole = Sheet.read('a.yaml', candidate)
    if (whole === null || !isSame(whole.value, goal))
      throw new Error(`seed ${seed}, ${i}: ${JSON.stringify(edit)}`)
  }
  expect(proven).toBeGreaterThan(200)
})

test('a key that stands a second time far away is seen', () => {
  const edit: Edit = { do: 'insert', path: ['backends', 'new'], to: { servers: [] } }
  const goal = withEdit(sheet.value, edit)
  const last = TEXT.lastIndexOf('workers:')
  const candidate = `${TEXT.slice(0, last)}  b7:\n    servers: []\n${TEXT.slice(last)}`
  expect(rowProof(sheet, candidate, goal)).not.toBe(true)
  const other = candidate.replace(/ {2}b7:\n {4}servers: \[\]/, '  new:\n    servers: []')
  expect(rowProof(sheet, other, goal)).toBe(true)
})
