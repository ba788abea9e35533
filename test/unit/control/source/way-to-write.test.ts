import { expect, test } from 'bun:test'
import { wayToWrite } from '../../../../server/control/source/way-to-write.ts'

const failed = (code: string): Error => Object.assign(new Error(code), { code })

test('what to do about a place that cannot be written goes by what the system said', () => {
  expect(wayToWrite(failed('ENOSPC'))).toContain('make room')
  expect(wayToWrite(failed('EDQUOT'))).toContain('quota')
  expect(wayToWrite(failed('EROFS'))).toContain('mount')
  for (const other of [failed('EACCES'), new Error('?')])
    expect(wayToWrite(other)).toBe('let the user of the gateway read and write there')
})
