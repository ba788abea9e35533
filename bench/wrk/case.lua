-- Arguments after "--": bare | browser | upload | close. Prints one JSON line when done.
local browser = {
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  ["Accept-Language"] = "en-US,en;q=0.5",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Referer"] = "https://www.example.org/articles/index.html?page=2",
  ["Cookie"] = "session=4f1c9a0b7e5d4c3a; theme=dark; consent=yes; visited=2026-01-02",
  ["Upgrade-Insecure-Requests"] = "1",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Sec-Fetch-Site"] = "same-origin",
}

function init(args)
  local kind = args[1]
  if kind == "browser" then wrk.headers = browser end
  if kind == "upload" then
    wrk.method = "POST"
    wrk.body = string.rep("u", 1024 * 1024)
    wrk.headers = { ["Content-Type"] = "application/octet-stream" }
  end
  if kind == "close" then wrk.headers["Connection"] = "close" end
  wrk.headers["Host"] = "www.example.org"
end

function done(summary, latency)
  local e = summary.errors
  print(string.format(
    '{"requests":%d,"us":%d,"bytes":%d,"errors":%d,"p50us":%d,"p99us":%d}',
    summary.requests, summary.duration, summary.bytes,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
