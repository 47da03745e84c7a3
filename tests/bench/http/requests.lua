-- What wrk asks, in turn: wrk … -- FILE. The file has a method and the headers, a line each, and an empty one; then three lines
-- for each request: its address, a token or nothing, a body or nothing. {n} in an address is another number each time.

local requests, turn, number = {}, 0, 0

function init(args)
    local lines = io.lines(args[1])
    local method, headers, line = lines(), {}, lines()
    while line ~= "" do
        local name, value = line:match("^([^:]+): (.*)$")
        headers[name] = value
        line = lines()
    end
    for path in lines do
        local token, body = lines(), lines()
        if token ~= "" then headers["Authorization"] = "Bearer " .. token end
        if body == "" then body = nil end
        requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
    math.randomseed(os.time())
    number = math.random(1, 1000000000) * 1000
end


function request()
    turn = turn % #requests + 1
    local text = requests[turn]
    if text:find("{n}", 1, true) then
        number = number + 1
        text = text:gsub("{n}", string.format("%d", number), 1)
    end
    return text
end

function done(all, latency)
    local errors = all.errors
    io.write(string.format(
        'summary {"requests": %d, "seconds": %.6f, "status": %d, "broken": %d, "p50": %.4f, "p99": %.4f}\n',
        all.requests, all.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
