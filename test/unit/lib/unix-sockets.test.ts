import { expect, test } from 'bun:test'
import { listeningPaths } from '../../../server/lib/unix-sockets.ts'

const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
0000000064acdc3c: 00000002 00000000 00010000 0001 01 50963 /data/control-1.sock
0000000094b808be: 00000003 00000000 00000000 0001 03 50964 /data/control-1.sock
0000000094b808bf: 00000003 00000000 00000000 0001 03 50965
0000000094b808c0: 00000002 00000000 00010000 0001 01 50966 @abstract
0000000094b808c1: 00000002 00000000 00010000 0001 01     7 /data with blanks/control-2.sock
`

test('sockets that somebody listens on are told by their paths, each once', () => {
  expect(listeningPaths(TABLE)).toEqual(['/data/control-1.sock', '/data with blanks/control-2.sock'])
  expect(listeningPaths('')).toEqual([])
})
