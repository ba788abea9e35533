import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessLogProblem, restartProblems } from '../../../../server/control/change/plan-checks.ts'
import type { Config } from '../../../../server/config/schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'plan-checks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const logging = (file: string | undefined, enabled = true): Config =>
  ({ logs: { access: { enabled, file } } }) as unknown as Config

test('an access log that cannot be opened is a problem with its place and what to do', () => {
  expect(accessLogProblem(logging(join(folder, 'no/such/access.log')))).toMatchObject({
    path: 'logs.access.file',
    hint: 'make the folder first',
  })
  expect(accessLogProblem(logging(folder))).toMatchObject({ hint: 'name a file, not a folder' })
})

test('one that can be opened is made; none is needed when it is off or goes to stdout', () => {
  const file = join(folder, 'access.log')
  expect(accessLogProblem(logging(file))).toBeNull()
  expect(existsSync(file)).toBe(true)
  expect(accessLogProblem(logging(join(folder, 'no/such/access.log'), false))).toBeNull()
  expect(accessLogProblem(logging(undefined))).toBeNull()
})

test('what only a restart can change says so to programs, too', () => {
  const config = (data: string) => ({ data, limits: { rate_limits: 1 }, workers: 1 }) as unknown as Config
  const crew = { hasRoomFor: () => true }
  expect(restartProblems(config('/a'), config('/a'), crew)).toEqual([])
  expect(restartProblems(config('/b'), config('/a'), crew)).toEqual([
    { path: 'data', message: 'found /b, in use is /a: a change needs a restart', code: 'needs_restart' },
  ])
})
