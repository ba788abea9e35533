import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeWhole } from '../../../server/lib/write-whole.ts'
import { needs } from '../../support/needs.ts'

const MODULE = join(import.meta.dir, '../../../server/lib/write-whole.ts')

test('what cannot be put in its place leaves nothing beside it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'write-whole-'))
  try {
    // A folder stands where the file is to be.
    mkdirSync(join(folder, 'state.json', 'in'), { recursive: true })
    expect(() => writeWhole(join(folder, 'state.json'), 'secret')).toThrow()
    expect(readdirSync(folder)).toEqual(['state.json'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what a process left that was killed while it wrote is gone with the next', () => {
  const folder = mkdtempSync(join(tmpdir(), 'write-whole-'))
  try {
    const file = join(folder, 'kept.json')
    // It ends with the text beside the file.
    const script = `import fs from 'node:fs'
import { mock } from 'bun:test'
mock.module('node:fs', () => ({ ...fs, renameSync: () => process.exit(9) }))
const { writeWhole } = await import(${JSON.stringify(MODULE)})
writeWhole(${JSON.stringify(file)}, 'secret')`
    for (let i = 0; i < 2; i++) Bun.spawnSync([process.execPath, '-e', script])
    expect(readdirSync(folder)).toHaveLength(1)
    writeWhole(file, 'text')
    expect(readdirSync(folder)).toEqual(['kept.json'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

needs('strace')(
  'what is to outlive a power cut is on the disk before it has its name, and so is the name',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'write-whole-'))
    try {
      const file = join(folder, 'kept.json')
      const script = `import { writeWhole } from ${JSON.stringify(MODULE)}
writeWhole(${JSON.stringify(file)}, 'text', { isLasting: true })`
      const traced = ['strace', '-f', '-y', '-e', 'trace=fsync,fdatasync,rename,renameat,renameat2']
      const { stderr } = Bun.spawnSync([...traced, process.execPath, '-e', script])
      expect(existsSync(file)).toBe(true)
      const calls = stderr
        .toString()
        .split('\n')
        .filter((line) => line.includes(folder))
      expect(calls.map((line) => /(fsync|fdatasync|rename)/.exec(line)?.[1])).toEqual([
        'fsync',
        'rename',
        'fsync',
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
