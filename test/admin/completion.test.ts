// Completion in bash: what its own function finds for a line, driven as readline drives it.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { dirname } from 'node:path'
import { COMMANDS } from '../../server/cli/commands.ts'
import { SHELLS } from '../../server/cli/completion/scripts.ts'
import { splitLine } from '../../server/cli/completion/split-line.ts'
import { saidBy } from '../support/command.ts'
import { binary, type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', backend: 'api' }],
      backends: {
        api: { servers: [{ name: 'api-1', url: 'http://127.0.0.1:9' }, { url: 'http://127.0.0.1:10' }] },
      },
    },
  })
})
afterAll(() => gateway[Symbol.asyncDispose]())

/** Nothing but their own help, and that is not listed in it. */
const WITHOUT = new Set(['admin', 'turn', 'completion', 'schema', 'version', 'types'])

/** Words as readline breaks them, and what the function is given: command, word, word before. */
const DRIVER = `
source <(sluice completion bash)
[[ $(complete -p sluice) == 'complete -F _sluice sluice' ]] || exit 9
COMP_LINE=$1 COMP_POINT=\${#1}
read -ra COMP_WORDS <<< "\${1//[:=]/ & }"
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_sluice "\${COMP_WORDS[0]}" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "\${COMPREPLY[@]}"
`

async function completed(line: string, cwd = gateway.folder): Promise<string[]> {
  const [program = ''] = await binary()
  const child = Bun.spawn(['bash', '--norc', '-c', DRIVER, 'bash', line], {
    cwd,
    env: { PATH: `${dirname(program)}:${process.env['PATH']}`, HOME: '/' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  expect([line, code, err]).toEqual([line, 0, ''])
  return out.split('\n').filter((word) => word !== '')
}

test.each([
  ['sluice st', ['status', 'stop']],
  ['sluice comp', ['completion']],
  ['sluice nobody ', []],
  ['sluice admin u', ['user', 'unlock']],
  ['sluice admin user ', ['list', 'add', 'remove']],
  ['sluice admin user add --role ', ['viewer', 'operator', 'editor', 'admin']],
  ['sluice admin token --role=e', ['editor']],
  ['sluice turn ', ['credentials', 'list', 'end', 'test']],
  ['sluice completion ', ['bash', 'zsh', 'fish']],
  ['sluice run --lo', ['--log-level']],
  ['sluice run -l w', ['warn']],
  ['sluice events --topics co', ['config']],
  ['sluice example minimal.j', ['minimal.json']],
  ['sluice status ', ['api', 'web']],
  ['sluice server a', ['api-1']],
  // Bash breaks words at colons, and puts what it is given behind the last of them.
  ['sluice server http:', ['//127.0.0.1:10']],
  ['sluice server http://127.0.0.1:1', ['10']],
  ['sluice server api-1 we', ['weight']],
  ['sluice server api-1 health ', ['up', 'down']],
  ['sluice server --backend ', ['api']],
  ['sluice rollback ', ['1']],
  ['sluice api certif', ['certificates', 'certificates/']],
  // There is none, beside what can be done about them.
  ['sluice api certificates/', ['certificates/self-signed', 'certificates/validate']],
  ['sluice api backends/a', ['backends/api', 'backends/api/']],
  [
    'sluice api backends/api/servers/api-1/s',
    ['backends/api/servers/api-1/state', 'backends/api/servers/api-1/state/'],
  ],
  ['sluice api /api/v1/rules/', ['/api/v1/rules/all', '/api/v1/rules/all/', '/api/v1/rules/reorder']],
  ['sluice api config/revisions/1/diff/', ['config/revisions/1/diff/1']],
  ['sluice api lbs/w', ['lbs/web', 'lbs/web/']],
  ['sluice apply ', []],
])('%s', async (line, words) => {
  const wanted = [...words].toSorted()
  const names = async (): Promise<readonly string[]> => (await completed(line)).toSorted()
  // A shell is kept waiting 300 ms at most: a gateway that is busier has no names then.
  const is = await waitFor(async () => {
    const now = await names()
    return now.length > 0 || wanted.length === 0 ? now : null
  })
  expect(is).toEqual(wanted)
})

test('every command has its options completed, and each of them is known to it', async () => {
  for (const name of Object.keys(COMMANDS)) {
    const found = await completed(`sluice ${name} --`)
    expect([name, found.length > 0 || WITHOUT.has(name)]).toEqual([name, true])
    for (const option of found) {
      const command = await COMMANDS[name]?.load()
      const { err } = await saidBy((io) => command?.([option, '--not-there'], io) ?? 0)
      expect([name, err]).toEqual([name, expect.not.stringContaining(`unknown option "${option}"`)])
    }
  }
}, 60_000)

test('where no gateway runs there are no names, and nothing is said', async () => {
  expect(await completed('sluice server ', '/')).toEqual([])
  expect(await completed('sluice status --admin http://127.0.0.1:1 ', '/')).toEqual([])
  expect(await completed(`sluice status -c ${gateway.configFile} `, '/')).toEqual(['api', 'web'])
})

test.each(['bash', 'zsh', 'fish'] as const)('the script for %s is sound', async (shell) => {
  const { code, stdout } = await runCommand(['completion', shell])
  expect([code, stdout]).toEqual([0, SHELLS[shell].script])
  const program = Bun.which(shell)
  if (program === null) return
  const child = Bun.spawn([program, '-n'], { stdin: new Blob([stdout]), stdout: 'pipe', stderr: 'pipe' })
  expect([await child.exited, await child.stderr.text()]).toEqual([0, ''])
})

test('a line is split as a shell splits it', () => {
  expect(splitLine('sluice api "a b"\\ c \'d\\e\' f')).toEqual(['sluice', 'api', 'a b c', 'd\\e', 'f'])
  expect(splitLine('sluice  x ')).toEqual(['sluice', 'x', ''])
  expect(splitLine('sluice "un closed')).toEqual(['sluice', 'un closed'])
  expect(splitLine('')).toEqual([''])
})
