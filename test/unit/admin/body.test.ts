import { expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { readBody } from '../../../server/admin/body.ts'
import { authRoutes } from '../../../server/admin/routes/auth.ts'
import type { Route } from '../../../server/admin/route.ts'
import { controlFacts } from '../../support/control-facts.ts'

const ROUTE = { method: 'POST', path: '/api/v1/x', body: Type.Unknown() } as unknown as Route

async function sent(body: string, route = ROUTE): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' }
  const read = await readBody(new Request('http://localhost/', { method: 'POST', headers, body }), route)
  if (!('refused' in read)) return read.body
  const { code, detail } = (await read.refused.json()) as { code: string; detail: string }
  return [code, detail]
}

const nested = (levels: number, within = '1'): string => '['.repeat(levels) + within + ']'.repeat(levels)

test('a body of more than 32 levels is refused: as YAML it would take the square of them', async () => {
  expect(JSON.stringify(await sent(nested(32)))).toBe(nested(32))
  const refused = ['body_malformed', expect.stringContaining('32 levels')] as never
  expect(await sent(nested(33))).toEqual(refused)
  expect(await sent('{"a":'.repeat(33) + '1' + '}'.repeat(33))).toEqual(refused)
  // Many beside each other are not deep, nor is what stands in a text.
  expect(await sent(`[${Array(1000).fill(nested(31)).join()}]`)).toBeArrayOfSize(1000)
  for (const text of ['['.repeat(100), `\\"${'['.repeat(100)}`, `\\\\`])
    expect(await sent(`{"text":"${text}"}`)).toEqual({ text: JSON.parse(`"${text}"`) })
  expect(await sent(`{"a":"\\\\","b":${nested(40)}}`)).toEqual(refused)
})

test('what nobody needs to be known for takes small bodies only, and a password of any length', async () => {
  const open = authRoutes(controlFacts({})).filter(
    ({ method, permission }) => method === 'POST' && permission === 'open',
  )
  expect(open.map(({ path }) => path).toSorted()).toEqual(['/api/v1/auth/setup', '/api/v1/auth/sign-in'])
  for (const route of open) {
    expect(await sent(`{"password":"${'\\u1234'.repeat(4096)}"}`, route)).toHaveProperty('password')
    expect(await sent(`{"password":"${'x'.repeat(33_000)}"}`, route)).toMatchObject([
      'too_large',
      expect.any(String),
    ])
  }
})
