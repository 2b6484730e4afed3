#include "weights/transfer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <thread>

#include "base/digest.h"
#include "base/rng.h"
#include "versions/transfer/http_payloads.h"
#include "versions/transfer/pull.h"
#include "versions/transfer/serve.h"

namespace troupe::bench {
namespace {

using Tcp = boost::asio::ip::tcp;
constexpr std::size_t kPiece = std::size_t{256} << 10;  // as the fetch reads
constexpr int kReceivers[] = {1, 3};

/// One payload in a file.
class OneFile final : public PayloadSource {
 public:
  OneFile(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Status make(std::uint64_t bytes) {
    std::string text(bytes, '\0');
    Rng rng(1);
    for (std::size_t i = 0; i + 8 <= text.size(); i += 8) {
      const std::uint64_t x = rng.next();
      text.replace(i, 8, reinterpret_cast<const char*>(&x), 8);
    }
    known_.policy = "p";
    known_.payloads.push_back({"payload", std::nullopt, {0, 1, ""}, bytes, ""});
    known_.payloads[0].digest = Digest().add(text).hex();
    return disk_.write(path_, text, false);
  }
  [[nodiscard]] std::vector<std::string> policies() override { return {"p"}; }
  Result<Catalogue> catalogue(const std::string&) override { return known_; }
  Result<std::unique_ptr<const FileView>> open(const std::string&, const std::string&) override {
    return disk_.map(path_);
  }
  [[nodiscard]] const PayloadEntry& entry() const { return known_.payloads[0]; }

 private:
  Disk& disk_;
  std::string path_;
  Catalogue known_;
};

/// Runs `work` for each receiver at once; seconds until the last has ended.
double at_once(int receivers, const std::function<void(int)>& work) {
  const double start = now();
  std::vector<std::thread> threads;
  for (int i = 0; i < receivers; ++i) threads.emplace_back([&work, i] { work(i); });
  for (auto& thread : threads) thread.join();
  return now() - start;
}

double raw_copy(std::string_view bytes, int receivers) {
  boost::asio::io_context context;
  Tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  return at_once(2 * receivers, [&](int i) {
    Tcp::socket socket(context);
    if (i < receivers) {
      acceptor.accept(socket);
      for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
        const std::string_view piece = bytes.substr(at, kPiece);
        boost::asio::write(socket, boost::asio::buffer(piece.data(), piece.size()));
      }
      return;
    }
    socket.connect(acceptor.local_endpoint());
    std::string buffer(kPiece, '\0');
    boost::system::error_code end;
    while (!end) socket.read_some(boost::asio::buffer(buffer), end);
  });
}

class Fetching {
 public:
  Fetching(OneFile& file, const std::string& url, const std::string& folder)
      : file_(file), url_(url), folder_(folder) {}

  double run(int receivers, bool digest, bool store) {
    return at_once(receivers, [&](int i) {
      const Status done = store ? into_file(i) : drop(digest);
      if (!done) ++failures;
    });
  }
  std::atomic<int> failures = 0;

 private:
  static constexpr std::uint64_t kChunk = PullLimits().chunk;

  Status drop(bool digest) {
    HttpPayloads remote(*parse_url(url_), "t", {});
    Digest seen;
    std::uint64_t at = 0;
    while (at < file_.entry().bytes) {
      TROUPE_TRY(
          remote.fetch("p", file_.entry(), at, kChunk, [&](std::string_view bytes) -> Status {
            if (digest) seen.add(bytes);
            at += bytes.size();
            return {};
          }));
    }
    if (!digest || seen.hex() == file_.entry().digest) return {};
    return fail(ErrorCode::kIo, "wrong digest");
  }
  Status into_file(int receiver) {
    const auto disk = make_posix_disk();
    const std::string to = fmt::format("{}/{}", folder_, receiver);
    TROUPE_TRY(disk->remove(to));
    HttpPayloads remote(*parse_url(url_), "t", {});
    ReceivedPayloads store(*disk, to, "p");
    TROUPE_ASSIGN(auto download, store.begin(file_.entry()));
    while (download.bytes < file_.entry().bytes) {
      TROUPE_TRY(
          remote.fetch("p", file_.entry(), download.bytes, kChunk,
                       [&](std::string_view bytes) { return store.append(download, bytes); }));
    }
    return store.finish(download);
  }

  OneFile& file_;
  const std::string url_, folder_;
};

void count(Rounds& rounds, double seconds) {
  rounds.best = std::min(rounds.best, seconds);
  rounds.slowest = std::max(rounds.slowest, seconds);
  ++rounds.count;
}

}  // namespace

const TransferFigure& TransferOutcome::raw(const TransferFigure& figure) const {
  const auto found = std::find_if(figures.begin(), figures.end(), [&](const TransferFigure& other) {
    return other.receivers == figure.receivers;
  });
  return *found;
}

Result<TransferOutcome> measure_transfer(std::uint64_t bytes, double seconds,
                                         const std::string& folder) {
  const auto disk = make_posix_disk();
  const std::string place = fmt::format("{}/troupe-transfer-{}", folder, ::getpid());
  TROUPE_TRY(disk->make_folders(place));
  OneFile file(*disk, place + "/payload");
  TROUPE_TRY(file.make(bytes));
  TROUPE_ASSIGN(const auto view, file.open("p", "payload"));
  HttpServerOptions options;
  options.token = "t";
  TROUPE_ASSIGN(const auto server, serve_payloads(file, options));
  Fetching fetching(file, server->url(), place);

  TransferOutcome out;
  out.bytes = bytes;
  for (const int receivers : kReceivers) {
    TransferFigure raw{"raw socket copy", receivers};
    TransferFigure fetch{"fetch", receivers};
    TransferFigure digested{"fetch, digest", receivers};
    TransferFigure stored{"fetch, digest, file", receivers};
    for (const double start = now(); raw.rounds.count < 3 || now() - start < 4 * seconds;) {
      count(raw.rounds, raw_copy(view->bytes(), receivers));
      count(fetch.rounds, fetching.run(receivers, false, false));
      count(digested.rounds, fetching.run(receivers, true, false));
      count(stored.rounds, fetching.run(receivers, true, true));
    }
    for (auto* figure : {&raw, &fetch, &digested, &stored}) out.figures.push_back(*figure);
  }
  TROUPE_TRY(disk->remove(place));
  if (fetching.failures == 0) return out;
  return fail(ErrorCode::kIo, "a payload did not arrive as it was");
}

}  // namespace troupe::bench
