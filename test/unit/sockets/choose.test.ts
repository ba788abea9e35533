import { describe, expect, test } from 'bun:test'
import { choose, wantedSockets } from '../../../server/sockets/choose.ts'

const ALL = { io_uring: null, epoll: null } as const

describe('which sockets are chosen', () => {
  test('auto takes the best that can be had', () => {
    expect(choose('auto', ALL)).toEqual({ kind: 'io_uring', why: null })
    expect(choose('auto', { ...ALL, io_uring: 'closed' })).toEqual({ kind: 'epoll', why: 'io_uring: closed' })
    expect(choose('auto', { io_uring: 'closed', epoll: 'no libc' })).toEqual({
      kind: 'bun',
      why: 'io_uring: closed; epoll: no libc',
    })
  })

  test('what is not of this system is passed over without a word', () => {
    expect(choose('auto', {})).toEqual({ kind: 'bun', why: null })
    expect(choose('auto', { epoll: null })).toEqual({ kind: 'epoll', why: null })
  })

  test('what is asked for and can be had is taken, though there were better ones', () => {
    expect(choose('epoll', ALL)).toEqual({ kind: 'epoll', why: null })
    expect(choose('bun', ALL)).toEqual({ kind: 'bun', why: null })
    expect(choose('bun', { io_uring: 'closed' })).toEqual({ kind: 'bun', why: null })
  })

  test('what is asked for and cannot be had is followed by the next, never by a better one', () => {
    expect(choose('io_uring', { ...ALL, io_uring: 'closed' })).toEqual({
      kind: 'epoll',
      why: 'io_uring: closed',
    })
    expect(choose('epoll', { ...ALL, epoll: 'no libc' })).toEqual({ kind: 'bun', why: 'epoll: no libc' })
  })
})

describe('what is wanted', () => {
  test('the variable goes before the config', () => {
    expect(wantedSockets('auto', {})).toBe('auto')
    expect(wantedSockets('epoll', { SLUICE_SOCKETS: '' })).toBe('epoll')
    expect(wantedSockets('epoll', { SLUICE_SOCKETS: 'bun' })).toBe('bun')
    expect(wantedSockets('epoll', { SLUICE_SOCKETS: 'auto' })).toBe('auto')
  })

  test('a variable that says what we do not know is told with what is allowed', () => {
    expect(wantedSockets('auto', { SLUICE_SOCKETS: 'uring' })).toEqual({
      variable: 'SLUICE_SOCKETS',
      problem: 'SLUICE_SOCKETS in the environment: found "uring", allowed auto, io_uring, epoll, bun',
    })
  })
})
