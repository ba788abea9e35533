import { expect, test } from 'bun:test'
import { overviewText } from '../../../server/cli/overview-text.ts'
import type { Overview } from '../../../server/control/overview/document.ts'
import { aroundAge } from '../../../web/pages/overview/problem-links.ts'

const problem = (state: string, since: string | null) => ({
  ...{ id: state, state, severity: 'warn', since, title: 'x', cause: '', remedy: null, actions: [] },
  about: { kind: 'certificate', name: 'x' },
})

test('the age of what ends soon is not read as what is left, in a terminal or on the page', () => {
  const overview = {
    ...{ time: '2026-01-26T00:00:00Z', left_out: 0 },
    verdict: { state: 'up', sentence: 'All is well', detail: '' },
    problems: [
      problem('down', '2026-01-25T23:52:00Z'),
      problem('expiring', '2026-01-01T00:00:00Z'),
      problem('ending', '2026-01-25T23:10:00Z'),
      problem('unconfirmed', null),
    ],
  }
  const lines = overviewText(overview as unknown as Overview, null)
    .split('\n')
    .filter((line) => line !== '')
  expect(lines.slice(1)).toEqual([
    'down (8 min): x',
    'expiring (told 25 d ago): x',
    'ending (ordered 50 min ago): x',
    'unconfirmed: x',
  ])
  expect(['down', 'expiring', 'ending'].map((state) => aroundAge({ state }).join('…'))).toEqual([
    '…',
    'told … ago',
    'ordered … ago',
  ])
})
