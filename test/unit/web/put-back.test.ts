import { expect, test } from 'bun:test'
import { putBack } from '../../../web/pages/config/put-back.ts'

test('a file that is gone is put back by a line for the shell, whatever it is called', () => {
  expect(putBack('/etc/sluice/sluice.yaml', { revision: 4 })).toBe(
    'sluice history 4 -c /etc/sluice/sluice.yaml > /etc/sluice/sluice.yaml.back && mv /etc/sluice/sluice.yaml.back /etc/sluice/sluice.yaml',
  )
  const odd = String.raw`'/a b/it'\''s.yaml'`
  expect(putBack("/a b/it's.yaml", { revision: 4 })).toStartWith(`sluice history 4 -c ${odd} > `)
})
