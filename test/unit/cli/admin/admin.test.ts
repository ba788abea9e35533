import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { admin } from '../../../../server/cli/admin/admin.ts'
import { Store } from '../../../../server/control/store/store.ts'
import { isPassword } from '../../../../server/control/store/passwords.ts'
import { FAST_FOLDER, PASSWORD } from '../../../support/store-world.ts'
import { type Said, saidBy } from '../../../support/command.ts'

let cwd = ''
let store: Store | null = null
beforeEach(() => {
  cwd = mkdtempSync(join(FAST_FOLDER, 'cli-admin-'))
  writeFileSync(
    join(cwd, 'sluice.yaml'),
    'listen: "127.0.0.1:0"\ndata: kept\nbackends: [{ url: "http://127.0.0.1:1" }]\n',
  )
  writeFileSync(join(cwd, 'password'), `${PASSWORD}\n`)
})
afterEach(() => {
  store?.close()
  store = null
  rmSync(cwd, { recursive: true })
})

const run = (...args: readonly string[]): Promise<Said> => saidBy((io) => admin(args, io), { cwd })
/** What is kept, as a gateway that runs beside the commands has it open. */
const kept = (): Store => (store ??= new Store(join(cwd, 'kept')))
const addAdmin = (name: string): Promise<Said> =>
  run('user', 'add', name, '--role', 'admin', '--password-file', 'password')

describe('sluice admin user', () => {
  test('adds users whose password it was given in a file, and lists them', async () => {
    expect(await addAdmin('anna')).toEqual({ code: 0, out: 'anna may sign in as admin\n', err: '' })
    expect(await isPassword(PASSWORD, kept().users.hashOf('anna'))).toBe(true)
    const { out } = await run('user', 'list')
    expect(out.split('\n')[1]).toMatch(/^anna +admin +off +-$/)
    expect(JSON.parse((await run('user', 'list', '--json')).out)).toMatchObject([
      { name: 'anna', role: 'admin', totp: false },
    ])
    expect((await addAdmin('ANNA')).err).toBe('sluice admin user: there is a user ANNA already\n')
    const [entry] = kept().audit.list({ limit: 1 })
    expect(entry).toMatchObject({ action: 'users.create', resource: 'users/anna', who: { kind: 'local' } })
  })

  test('makes no database to look into: a gateway whose folder was taken away would take it for its own', async () => {
    for (const args of [
      ['user', 'list'],
      ['token', 'list'],
      ['user', 'remove', 'anna'],
      ['unlock', 'anna'],
    ]) {
      const { code, err } = await run(...args)
      expect([args, code, err.includes(`there is no state.db in ${join(cwd, 'kept')}`)]).toEqual([
        args,
        1,
        true,
      ])
    }
    expect(existsSync(join(cwd, 'kept'))).toBe(false)
    expect((await run('token', '--role', 'viewer')).code).toBe(0)
  })

  test('takes no short password, no odd name, no unknown role, and none on the command line', async () => {
    writeFileSync(join(cwd, 'short'), 'short\n')
    const short = await run('user', 'add', 'bob', '--role', 'viewer', '--password-file', 'short')
    expect([short.code, short.err]).toEqual([
      1,
      'sluice admin user: a password has at least 12 characters, and this one 5\n',
    ])
    expect((await run('user', 'add', 'a b', '--role', 'viewer')).code).toBe(2)
    expect((await run('user', 'add', 'bob', '--role', 'root')).err).toContain(
      '--role is one of viewer, operator',
    )
    expect((await run('user', 'add', 'bob', '--role', 'admin', '--password', PASSWORD)).code).toBe(2)
    expect((await run('user', 'ad', 'bob')).err).toContain('unknown word "ad"')
    expect(kept().users.count()).toBe(0)
  })

  test('gives users another role, which ends their sign-ins, and leaves an admin', async () => {
    await addAdmin('anna')
    await run('user', 'add', 'bob', '--role', 'viewer', '--password-file', 'password')
    const secret = kept().signIns.begin({ user: 'bob', address: '::1', agent: '' })
    expect((await run('user', 'set', 'bob', '--role', 'editor')).out).toBe('bob is editor now\n')
    expect([kept().users.find('bob')?.role, kept().signIns.find(secret)]).toEqual(['editor', null])
    expect((await run('user', 'set', 'anna', '--role', 'viewer')).err).toContain('anna is the last admin')
    expect((await run('user', 'set', 'nobody', '--role', 'viewer')).err).toContain('there is no user nobody')
    expect((await run('user', 'set', 'bob')).err).toContain('--role is one of viewer')
    const [entry] = kept().audit.list({ limit: 1 })
    expect(entry).toMatchObject({
      ...{ action: 'users.update', resource: 'users/bob' },
      ...{ before: { role: 'viewer' }, after: { role: 'editor' } },
    })
  })

  test('removes users, and not the last admin', async () => {
    await addAdmin('anna')
    await addAdmin('bob')
    expect((await run('user', 'remove', 'bob')).out).toBe('bob is removed\n')
    expect((await run('user', 'remove', 'bob')).code).toBe(1)
    expect((await run('user', 'remove', 'anna')).err).toContain('anna is the last admin')
    expect(
      kept()
        .users.list()
        .map(({ name }) => name),
    ).toEqual(['anna'])
  })
})

describe('sluice admin setup-token', () => {
  test('prints the token that the data folder has, until there is a user', async () => {
    const first = await run('setup-token')
    expect(first.out).toMatch(/^[0-9a-f]{32}\n$/)
    expect((await run('setup-token')).out).toBe(first.out)
    const file = join(cwd, 'kept', 'setup-token')
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([first.out, 0o600])
    // The start that comes takes no other in its place.
    expect(kept().setupToken.begin()).toBe(first.out.trim())
    await addAdmin('anna')
    expect(kept().setupToken.read()).toBeNull()
    const after = await run('setup-token')
    expect([after.code, after.err]).toEqual([1, expect.stringContaining('there are users already')])
  })
})

describe('sluice admin token', () => {
  test('prints a token once, which is good at once and not when it is revoked', async () => {
    const made = await run(
      'token',
      '--role',
      'editor',
      '--name',
      'ci',
      '--scope',
      'backends/*',
      '--from',
      '10.0.0.0/8',
    )
    expect(made.out).toMatch(/^slt_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}\n$/)
    const found = kept().tokens.find(made.out.trim())
    expect(found).toMatchObject({
      name: 'ci',
      role: 'editor',
      scopes: ['backends/*'],
      ranges: ['10.0.0.0/8'],
    })
    const days = ((found?.expiresMs ?? 0) - (found?.createdMs ?? 0)) / 86_400_000
    expect(Math.round(days)).toBe(90)
    const list = await run('token', 'list')
    expect(list.out).toContain('ci')
    expect(list.out).not.toContain(made.out.slice(17, 40))
    expect((await run('token', 'revoke', found?.id ?? '')).out).toBe('ci is revoked\n')
    expect(kept().tokens.find(made.out.trim())).toBeNull()
    expect((await run('token', 'revoke', found?.id ?? '')).code).toBe(1)
  })

  test('says what of it is not understood', async () => {
    for (const [args, why] of [
      [['token'], '--role is one of'],
      [['token', '--role', 'viewer', '--expires', 'soon'], '--expires is as 90d'],
      [['token', '--role', 'viewer', '--scope', '/x'], 'a scope is a resource'],
      [['token', '--role', 'viewer', '--from', 'x'], '--from is a range'],
      [['token', 'revoke'], 'the id of a token is missing'],
      [['tokn'], 'did you mean "token"?'],
      [[], 'a command is missing'],
    ] as const) {
      const { code, err } = await run(...args)
      expect([args, code, err]).toEqual([args, 2, expect.stringContaining(why)] as never)
    }
    expect(kept().tokens.list()).toEqual([])
  })
})

describe('the ways back in', () => {
  test('unlock, reset-password and reset-totp let somebody in again beside a gateway that has it open', async () => {
    await addAdmin('anna')
    const { failures, signIns, secondFactors, users } = kept()
    const place = { key: '192.0.2.7', network: '192.0.2.7' }
    while (failures.begin('anna', place).ms === 0);
    expect((await run('unlock', 'ANNA')).out).toBe('anna may try again\n')
    expect(failures.begin('anna', place).ms).toBe(0)
    const secret = signIns.begin({ user: 'anna', address: '::1', agent: '' })
    writeFileSync(join(cwd, 'password'), 'quite another password')
    expect((await run('reset-password', 'anna', '--password-file', 'password')).out).toBe(
      'anna has another password\n',
    )
    expect(await isPassword('quite another password', users.hashOf('anna'))).toBe(true)
    expect(signIns.find(secret)).toBeNull()
    expect((await run('reset-totp', 'anna')).err).toBe('sluice admin reset-totp: anna has no second factor\n')
    secondFactors.begin('anna')
    expect((await run('reset-totp', 'anna')).code).toBe(0)
    for (const command of ['unlock', 'reset-password', 'reset-totp'])
      expect((await run(command, 'nobody')).err).toBe(`sluice admin ${command}: there is no user nobody\n`)
  })
})

test('a broken config file still says where the data folder is', async () => {
  writeFileSync(join(cwd, 'sluice.yaml'), 'data: kept\nbackends: [oops\n')
  await addAdmin('anna')
  expect(kept().users.find('anna')?.role).toBe('admin')
})

test('without a config file, and with a data folder that cannot be used, it says so', async () => {
  rmSync(join(cwd, 'sluice.yaml'))
  expect((await run('user', 'list')).err).toContain('name a config file with -c FILE')
  writeFileSync(join(cwd, 'sluice.yaml'), 'data: password\n')
  const { code, err } = await run('user', 'list')
  expect([code, err]).toEqual([1, expect.stringContaining('state.db cannot be opened')])
})
