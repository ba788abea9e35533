// A refusal of the admin API in words, for people at a terminal.
import { expect, test } from 'bun:test'
import { problemLines } from '../../../server/cli/problem-lines.ts'

test('the patch that a hint speaks of is shown', () => {
  const patch = '--- a\n+++ a\n@@ -1 +1 @@\n-weight: 1\n+weight: 2\n'
  const problem = {
    status: 409,
    code: 'file_read_only',
    detail: 'It cannot be written.',
    hint: 'the patch',
    patch,
  }
  expect(problemLines('api', problem)).toBe(
    `sluice api: 409 file_read_only: It cannot be written.\n  hint: the patch\n${patch}`,
  )
})
