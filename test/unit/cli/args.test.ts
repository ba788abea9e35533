import { describe, expect, test } from 'bun:test'
import { readArgs, type Args, type ArgsShape } from '../../../server/cli/args.ts'

const SHAPE: ArgsShape = {
  options: {
    config: { short: 'c', takes: 'value' },
    header: { short: 'H', takes: 'values' },
    json: { takes: 'flag' },
  },
  words: { min: 0, max: 2 },
}

function read(...args: string[]): Args {
  const result = readArgs(args, SHAPE)
  if ('problem' in result) throw new Error(result.problem)
  return result
}

const problem = (...args: string[]): string => {
  const result = readArgs(args, SHAPE)
  return 'problem' in result ? result.problem : 'none'
}

describe('arguments', () => {
  test('options by long and short name, with the value behind a space or "="', () => {
    for (const args of [['--config', 'x'], ['-c', 'x'], ['--config=x'], ['-c=x']])
      expect(read(...args).value('config')).toBe('x')
    expect(read().value('config')).toBeNull()
    expect(read('--config=').value('config')).toBe('')
  })

  test('a value may look like an option', () => {
    expect(read('-c', '--json').value('config')).toBe('--json')
    expect(read('-c', '--json').flag('json')).toBe(false)
  })

  test('flags, repeated values, words', () => {
    const args = read('a', '--json', '-H', 'A: 1', '--header=B: 2', 'b')
    expect(args.flag('json')).toBe(true)
    expect(args.values('header')).toEqual(['A: 1', 'B: 2'])
    expect(args.words).toEqual(['a', 'b'])
  })

  test('what follows "--" is a word, and so is "-"', () => {
    expect(read('--', '-c').words).toEqual(['-c'])
    expect(read('-').words).toEqual(['-'])
  })

  test('help is known everywhere, and asks for nothing else', () => {
    for (const flag of ['-h', '--help']) {
      const result = readArgs([flag], { options: {}, words: { min: 1, max: 1 } })
      expect('problem' in result ? result.problem : result.flag('help')).toBe(true)
    }
  })

  test('what is wrong is said', () => {
    expect(problem('--cnofig')).toBe('unknown option "--cnofig"')
    expect(problem('--conf', 'x')).toBe('unknown option "--conf"; did you mean "--config"?')
    expect(problem('-x')).toBe('unknown option "-x"')
    expect(problem('-c')).toBe('"-c" needs a value')
    expect(problem('--json=1')).toBe('"--json" takes no value')
    expect(problem('-c', 'a', '-c', 'b')).toBe('"--config" is given twice')
    expect(problem('a', 'b', 'c')).toBe('unexpected argument "c"')
    const missing = readArgs([], { options: {}, words: { min: 1, max: 1 } })
    expect('problem' in missing ? missing.problem : 'none').toBe('an argument is missing')
  })
})
