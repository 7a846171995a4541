/* Fetches the page again and again as long as its application goes on, as often as it says, and shows what has changed. */
(function () {
  var RETRY_MILLIS = 10000;

  function shown() {
    return document.getElementById("tartan");
  }

  function schedule() {
    var millis = Number(shown().dataset.refreshMillis);
    if (millis > 0) {
      setTimeout(refresh, millis);
    }
  }

  function refresh() {
    fetch(window.location.href, { credentials: "same-origin" })
      .then(function (answer) {
        if (!answer.ok) {
          throw new Error(answer.statusText);
        }
        return answer.text();
      })
      .then(function (text) {
        var fetched = new DOMParser().parseFromString(text, "text/html").getElementById("tartan");
        if (!fetched) {
          throw new Error("no run in the page");
        }
        shown().replaceWith(fetched);
        schedule();
      })
      .catch(function () {
        /* the application is over, or cannot be reached: what was seen last stays */
        shown().classList.add("stale");
        setTimeout(refresh, RETRY_MILLIS);
      });
  }

  schedule();
})();
