import { beforeEach, describe, expect, test } from 'bun:test'
import {
  type StageOwner,
  awaitFlush,
  flush,
  isStaging,
  openStage,
  stageTo,
  stagedLength,
} from '../../../server/lib/stage.ts'

class Taker implements StageOwner {
  readonly got: string[] = []
  flushStage(bytes: Buffer, length: number): void {
    this.got.push(bytes.latin1Slice(0, length))
  }
}

function stage(owner: StageOwner, text: string): void {
  const to = openStage(owner, text.length)
  to.latin1Write(text, stagedLength())
  stageTo(stagedLength() + text.length)
}

beforeEach(flush)

test('small pieces of one owner leave together', () => {
  const one = new Taker()
  stage(one, 'a')
  stage(one, 'b')
  expect([one.got, isStaging(one), stagedLength()]).toEqual([[], true, 2])
  flush()
  expect([one.got, isStaging(one), stagedLength()]).toEqual([['ab'], false, 0])
})

test('an empty stage sends nothing', () => {
  const one = new Taker()
  flush()
  openStage(one, 10)
  flush()
  expect(one.got).toEqual([])
})

test('one that waits for its turn has it once, with what it staged or with nothing', () => {
  const [one, two] = [new Taker(), new Taker()]
  awaitFlush(one)
  flush()
  flush()
  expect(one.got).toEqual([''])
  stage(one, 'a')
  awaitFlush(one)
  stage(one, 'b')
  stage(two, 'c')
  expect(one.got).toEqual(['', 'ab'])
  awaitFlush(one)
  expect(two.got).toEqual(['c'])
  flush()
  expect(one.got).toEqual(['', 'ab', ''])
})

test("another owner's bytes are sent first, and are not mixed with those of the next", () => {
  const [one, two] = [new Taker(), new Taker()]
  stage(one, 'a')
  stage(two, 'b')
  expect([one.got, two.got, isStaging(one), isStaging(two)]).toEqual([['a'], [], false, true])
  flush()
  expect(two.got).toEqual(['b'])
})

describe('room', () => {
  test('what does not fit behind the rest follows it', () => {
    const one = new Taker()
    // The stage has grown where others staged more before.
    const most = openStage(one, 0).length - 100
    stage(one, 'a'.repeat(most))
    stage(one, 'b'.repeat(most))
    flush()
    expect(one.got.map((text) => [text[0], text.length])).toEqual([
      ['a', most],
      ['b', most],
    ])
  })
  test('a piece larger than the stage finds a larger one', () => {
    const one = new Taker()
    stage(one, 'x')
    stage(one, 'a'.repeat(1_000_000))
    flush()
    expect(one.got.map((text) => text.length)).toEqual([1, 1_000_000])
  })
})

test('what is staged while another is being sent is sent too', () => {
  const two = new Taker()
  const one: StageOwner = { flushStage: () => stage(two, 'later') }
  stage(one, 'a')
  flush()
  expect([two.got, stagedLength()]).toEqual([['later'], 0])
})

test('what is staged during a change of owners is not lost', () => {
  const [two, three] = [new Taker(), new Taker()]
  const one: StageOwner = { flushStage: () => stage(three, 'meanwhile') }
  stage(one, 'a')
  stage(two, 'b')
  flush()
  expect([three.got, two.got]).toEqual([['meanwhile'], ['b']])
})
