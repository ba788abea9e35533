import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from '../../../server/cli/hash.ts'
import { keyHash } from '../../../server/lib/key-hash-text.ts'
import { whyNoHash } from '../../../server/lib/password-hash.ts'
import { saidBy } from '../../support/command.ts'

async function hashOf(password: string, ...args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-hash-'))
  try {
    writeFileSync(join(folder, 'password'), password)
    return await saidBy((io) => hash([...args, '--password-file', 'password'], io), { cwd: folder })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test.each([
  [[], /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/],
  [['--bcrypt'], /^\$2b\$10\$/],
  [['--user', 'anna'], /^anna:\$argon2id\$/],
])('%p makes a hash of that kind, which a config takes and the password fits', async (args, form) => {
  const { code, out } = await hashOf('open sesame\n', ...args)
  expect([code, out]).toEqual([0, expect.stringMatching(form)])
  const made = out.trim().replace(/^anna:/, '')
  expect(whyNoHash(made)).toBeNull()
  expect(await Bun.password.verify('open sesame', made)).toBe(true)
})

test('a key is new each time, and its hash is what a config takes', async () => {
  const [one, other] = await Promise.all([1, 2].map(() => saidBy((io) => hash(['--api-key'], io))))
  const [, key = '', of = ''] =
    /^key: {2}([A-Za-z0-9_-]{43})\nhash: (sha256:[0-9a-f]{64})\n$/.exec(one?.out ?? '') ?? []
  expect(keyHash(key)).toBe(of)
  expect(one?.out).not.toBe(other?.out)
  expect((await hashOf(key, '--api-key')).out).toBe(`${of}\n`)
})

test.each([
  [
    'x'.repeat(73),
    ['--bcrypt'],
    1,
    'bcrypt reads 72 bytes of a password, and this one is longer: leave out --bcrypt',
  ],
  ['', [], 1, 'password is empty'],
  ['x', ['--user', 'a:b'], 2, 'a user name has no ":"'],
  ['x', ['--api-key', '--bcrypt'], 2, 'goes with neither'],
  ['x', ['more'], 2, 'more'],
])('%p %p ends with %p', async (password, args, code, words) => {
  const said = await hashOf(password, ...args)
  expect([said.code, said.out, said.err]).toEqual([code, '', expect.stringContaining(words)])
})
