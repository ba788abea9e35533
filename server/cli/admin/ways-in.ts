// sluice admin unlock, reset-password, reset-totp: for who cannot get in any more.
import { hashPassword } from '../../control/store/passwords.ts'
import type { Io } from '../io.ts'
import { askPassword, PASSWORD_HELP, PASSWORD_OPTION } from './ask-password.ts'
import { failed, type Kept, withKept } from './kept.ts'

interface WayIn {
  readonly name: 'unlock' | 'reset-password' | 'reset-totp'
  readonly does: string
  readonly more?: string
  readonly options?: typeof PASSWORD_OPTION
}

const helpOf = ({ name, does, more }: WayIn): string => `${does}

Usage: sluice admin ${name} NAME${more === undefined ? '' : ' [--password-file FILE]'} [-c FILE]

${more === undefined ? '' : `${more}\n`}  -c, --config FILE         the config file of the gateway; default ./sluice.yaml, then /etc/sluice/sluice.yaml
  -h, --help                this text

Exit code: 0 done; 1 there is no such user, or nothing to do, or the data folder cannot be used; 2 wrong usage.
`

function wayIn(
  way: WayIn,
  args: readonly string[],
  io: Io,
  work: (user: string, kept: Kept) => number | Promise<number>,
): Promise<number> {
  const command = `admin ${way.name}`
  const words = { min: 1, max: 1, wanted: 'the name of a user' }
  const options = way.options ?? {}
  const shape = { command, help: helpOf(way), options, words, isMaking: () => false }
  return withKept(shape, args, io, (kept) => {
    const [name = ''] = kept.read.words
    const found = kept.store.users.find(name)
    return found === null ? failed(command, `there is no user ${name}`, io) : work(found.name, kept)
  })
}

/** From all addresses. */
export function unlock(args: readonly string[], io: Io): Promise<number> {
  const way: WayIn = {
    name: 'unlock',
    does: 'Forgets the failed sign-ins of a user, who need not wait any more.',
  }
  return wayIn(way, args, io, (name, { store, tell }) => {
    const addresses = store.failures.unlock(name)
    tell('users.unlock', `users/${name}`)
    io.stdout(addresses === 0 ? `${name} was not locked out\n` : `${name} may try again\n`)
    return 0
  })
}

/** Ends their sign-ins. */
export function resetPassword(args: readonly string[], io: Io): Promise<number> {
  const way: WayIn = {
    name: 'reset-password',
    does: 'Gives a user another password. All of their sign-ins end, and failed ones are forgotten.',
    more: PASSWORD_HELP,
    options: PASSWORD_OPTION,
  }
  return wayIn(way, args, io, async (name, { read, store, tell }) => {
    const password = await askPassword(read, io)
    if (typeof password !== 'string') return failed('admin reset-password', password.problem, io)
    store.users.setPassword(name, await hashPassword(password))
    store.failures.unlock(name)
    tell('users.update', `users/${name}`, { message: 'the password was set' })
    io.stdout(`${name} has another password\n`)
    return 0
  })
}

/** With recovery codes. */
export function resetTotp(args: readonly string[], io: Io): Promise<number> {
  const way: WayIn = { name: 'reset-totp', does: 'Removes the second factor of a user, who has lost it.' }
  return wayIn(way, args, io, (name, { store, tell }) => {
    if (!store.secondFactors.remove(name))
      return failed('admin reset-totp', `${name} has no second factor`, io)
    tell('users.totp.remove', `users/${name}/totp`)
    io.stdout(`${name} signs in with the password alone\n`)
    return 0
  })
}
