import { expect, test } from 'bun:test'
import { findingsOf } from '../../../web/data/findings.ts'

test('errors come before warnings, each at its line', () => {
  const found = findingsOf({
    valid: false,
    errors: [
      { path: 'rules[1]', message: 'b', line: 9, column: 3, hint: null },
      { path: 'rules[0]', message: 'a', line: 4, column: 1, hint: 'write c' },
    ],
    warnings: ['/etc/a b.yaml:13:3 backends.api: warning: found x: y'],
  })
  expect(found).toMatchObject([
    { severity: 'error', line: 4, message: 'a', hint: 'write c' },
    { severity: 'error', line: 9, hint: undefined },
    { severity: 'warning', line: 13, column: 3, path: 'backends.api', message: 'found x: y' },
  ])
})

test('a warning without a place is told as it is', () => {
  expect(findingsOf({ valid: true, errors: [], warnings: ['the disk is slow'] })).toEqual([
    { severity: 'warning', path: '', message: 'the disk is slow' },
  ])
})
