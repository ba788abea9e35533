// What CAs are answered that look whether a name leads here.
import { afterEach, expect, test } from 'bun:test'
import { answerChallenges } from '../../../server/http/challenges.ts'
import { startEngine } from '../../support/engine.ts'

const PATH = '/.well-known/acme-challenge/'
const TOKEN = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA'
const RULES = [
  { name: 'denied', match: { host: 'denied.example.org' }, respond: { status: 403 } },
  { name: 'moved', redirect: { to: 'https://example.org/', status: 301 } },
]

afterEach(() => answerChallenges({}))

test('come before all rules, only for tokens under way, and only to those who ask to read', async () => {
  await using engine = await startEngine({ config: { rules: RULES, backends: {} } })
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${engine.port()}${path}`, { redirect: 'manual', ...init })
  expect((await ask(`${PATH}${TOKEN}`)).status).toBe(301)
  answerChallenges({ [TOKEN]: `${TOKEN}.thumb` })
  const answer = await ask(`${PATH}${TOKEN}`, { headers: { host: 'denied.example.org' } })
  expect(answer.status).toBe(200)
  expect(await answer.text()).toBe(`${TOKEN}.thumb`)
  expect((await ask(`${PATH}${TOKEN}`, { method: 'HEAD' })).status).toBe(200)
  for (const path of [`${PATH}other`, PATH, `${PATH}${TOKEN}/`, `${PATH}__proto__`, `/x${PATH}${TOKEN}`])
    expect((await ask(path)).status).toBe(301)
  expect((await ask(`${PATH}${TOKEN}`, { method: 'POST', body: 'x' })).status).toBe(301)
  answerChallenges({})
  expect((await ask(`${PATH}${TOKEN}`)).status).toBe(301)
})
