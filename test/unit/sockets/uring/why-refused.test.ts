import { expect, test } from 'bun:test'
import { whyRefused } from '../../../../server/sockets/uring/why-refused.ts'

const [EPERM, EIO, ENOMEM, EACCES, EINVAL, EMFILE, ENOSYS] = [1, 5, 12, 13, 22, 24, 38]
const why = (code: number, disabled = ''): string =>
  whyRefused({ call: 'io_uring_setup', code, message: `io_uring_setup: errno ${code}` }, disabled)

test('the sysctl that closes it is named with its value', () => {
  expect(why(EPERM, '2')).toBe('it is switched off (sysctl kernel.io_uring_disabled is 2)')
  expect(why(EPERM, '1')).toBe(
    'it is for a group only (sysctl kernel.io_uring_disabled is 1, kernel.io_uring_group says which)',
  )
})

test('where no sysctl closes it, it is a profile of a container', () => {
  for (const disabled of ['0', ''])
    for (const code of [EPERM, EACCES])
      expect(why(code, disabled)).toBe('it is not permitted here, as in most containers (seccomp profile)')
})

test('what else refuses it is told in words, and what we do not know as the kernel said it', () => {
  expect(why(ENOSYS, '2')).toBe('this kernel has none, or a seccomp profile says so')
  expect(why(EINVAL)).toBe('this kernel is too old for it (Linux 6.1 is needed)')
  expect(why(ENOMEM)).toContain('RLIMIT_MEMLOCK')
  expect(why(EMFILE)).toBe('no descriptor is left for it')
  expect(why(EIO)).toBe('io_uring_setup: errno 5')
})

test('a profile that refuses one of the calls alone is told by the name of that', () => {
  for (const call of ['io_uring_enter', 'io_uring_register'] as const)
    for (const code of [EPERM, EACCES, ENOSYS])
      expect(whyRefused({ call, code, message: '' }, '2')).toBe(
        `${call} is refused, though io_uring_setup is not, by a seccomp profile (errno ${code})`,
      )
})
