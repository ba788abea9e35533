import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pair } from '../https.ts'
import { folderFor, freePort, launch, programNamed, type Recipe } from './contender.ts'

/**
 * nginx: one worker, keep-alive to the origin, a JSON access log with our fields, written in batches of 64
 * KB.
 */
export const nginx = recipe('nginx', '')
/** The same, tuned to pass bodies on as they come, with no temporary files. */
export const nginxStreaming = recipe(
  'nginx-stream',
  'proxy_max_temp_file_size 0; proxy_request_buffering off; proxy_buffers 16 32k; proxy_buffer_size 32k; proxy_busy_buffers_size 256k;',
)

function recipe(name: string, tuning: string): Recipe {
  return {
    name,
    program: programNamed('nginx'),
    takesTls: true,
    passesTls: true,
    async start(setting) {
      const folder = folderFor(setting, name)
      const port = freePort()
      const file = join(folder, 'nginx.conf')
      const { isPassed = false } = setting
      const text =
        setting.isTcp === true || isPassed
          ? tcpConfig({ folder, port, originPort: setting.originPort, isPassed })
          : config({ folder, port, originPort: setting.originPort, tuning, tls: setting.tls })
      writeFileSync(file, text)
      return launch({
        name,
        command: [this.program ?? 'nginx', '-c', file, '-p', folder],
        port,
        folder,
        isTls: setting.tls !== undefined || isPassed,
      })
    },
  }
}

interface Filled {
  readonly folder: string
  readonly port: number
  readonly originPort: number
  readonly tuning: string
  readonly tls: Pair | undefined
}

/** Debian has it in a package of its own (libnginx-mod-stream). */
export const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'

/** What each of its configs begins with: one worker, with its files in a folder of its own. */
export const oneWorker = (folder: string): string => `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
master_process on;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 18000; }`

interface Passed {
  readonly folder: string
  readonly port: number
  readonly originPort: number
  readonly isPassed: boolean
}

const tcpConfig = ({ folder, port, originPort, isPassed }: Passed): string => `
load_module ${STREAM_MODULE};
${oneWorker(folder)}
stream {
  log_format sluice escape=json '{"time":"$time_iso8601","listener":"web","client":"$remote_addr","protocol":"$protocol","backend":"origin","server":"$upstream_addr","bytes_in":$bytes_received,"bytes_out":$bytes_sent,"connect_ms":"$upstream_connect_time","total_ms":$session_time}';
  access_log ${folder}/access.log sluice buffer=64k flush=1s;
  tcp_nodelay on;
  proxy_timeout 1h;
  upstream origin { server 127.0.0.1:${originPort}; }
  upstream others { server 127.0.0.1:${originPort}; }
  ${isPassed ? 'map $ssl_preread_server_name $to { hostnames; *.others.example others; localhost origin; www.example.org origin; default origin; }' : ''}
  server {
    listen 127.0.0.1:${port};
    ${isPassed ? 'ssl_preread on; proxy_pass $to;' : 'proxy_pass origin;'}
  }
}
`

const config = ({ folder, port, originPort, tuning, tls }: Filled): string => `
${oneWorker(folder)}
http {
  log_format sluice escape=json '{"time":"$time_iso8601","request_id":"$request_id","listener":"web","client":"$remote_addr","method":"$request_method","host":"$host","path":"$request_uri","protocol":"$server_protocol","rule":"all","backend":"origin","server":"$upstream_addr","status":$status,"bytes_in":$request_length,"bytes_out":$body_bytes_sent,"connect_ms":"$upstream_connect_time","first_byte_ms":"$upstream_header_time","total_ms":$request_time,"attempts":1,"fault":null,"user_agent":"$http_user_agent"}';
  access_log ${folder}/access.log sluice buffer=64k flush=1s;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_timeout 75s;
  keepalive_requests 1000000;
  client_max_body_size 2g;
  tcp_nodelay on;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 2048; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'};
    ${tls === undefined ? '' : `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m;`}
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      ${tuning}
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`
