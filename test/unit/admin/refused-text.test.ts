import { expect, test } from 'bun:test'
import { refusedText } from '../../../server/admin/refused-text.ts'

const refused = (hint: string | null, seesFile = true): Promise<Record<string, unknown>> => {
  const errors = [
    { path: '', code: 'file_not_writable', message: 'cannot write /x.yaml: ENOSPC: no space left', hint },
  ]
  const base = { text: 'a: 1\n', hash: 'x' }
  const answer = refusedText({ file: '/nowhere/x.yaml', base, text: 'a: 2\n', seesFile, errors } as never)
  return answer?.json() as Promise<Record<string, unknown>>
}

test('a file that cannot be written says why, and what to do about that', async () => {
  expect(await refused('make room on its disk')).toMatchObject({
    code: 'file_read_only',
    cause: 'cannot write /x.yaml: ENOSPC: no space left',
    hint: 'make room on its disk; or the patch makes the change where the file comes from',
  })
  expect(await refused(null)).toMatchObject({
    hint: 'the patch makes the change where the file comes from',
  })
})

test('who may not read the file has no patch', async () => {
  const answer = await refused('make room on its disk', false)
  expect(answer['hint']).toBe('make room on its disk; or change it where it comes from')
  expect(answer['patch']).toBeUndefined()
})
