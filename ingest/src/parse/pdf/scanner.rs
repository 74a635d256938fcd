//! Reads pages that are pictures on threads of their own, while the caller draws the next.
//!
//! A picture is handed to a thread that is free, or waited with: at most one a thread and the one in the
//! caller's hand are alive. Pages keep their order, whichever is read first.
//!
//! The lines of all pages are kept until the last is read: what is a running head, which sizes are headings and how a
//! paragraph or a table goes on behind a page's end shows only in the whole document. That is some ten times the text,
//! 20 KB for a page of 2,000 letters and 50 KB in a monospaced font. What is large, PDFium's page and its picture, is
//! freed page by page.

mod layer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use footnote_core::parsed::WarningKind;
use footnote_core::{Error, Result};
use image::RgbImage;
use rustix::time::{ClockId, clock_gettime};

use super::PageText;
use super::scan::{page, told_together};
use super::workers::Workers;
use crate::ocr::{self, OcrConfig, OcrReader};
use crate::parse::OnPage;
use crate::parse::limits::{EngineConfig, ParseLimits};

/// Share of the processor time after which no page is begun: what was read is worth more than an end by
/// force.
const TIME_SHARE: f64 = 0.85;
/// What the process needs for everything else, and what a thread may need to read a page, in bytes: that is
/// how many threads the memory allows.
const OTHER_MEMORY: u64 = 512 << 20;
const READER_MEMORY: u64 = 512 << 20;
/// The share of the memory that pictures may hold that are being read.
const PICTURES_PART: u64 = 4;
/// Pages with a stamp that are told one by one where there is no OCR, those with text beside what is seen of them,
/// those that draw very much, and most stretches of pages that one warning names.
const MOST_TOLD: usize = 20;

/// The pages of a file in their order, of which pictures are read by OCR as long as time allows. Models are
/// loaded for the first picture.
pub(crate) struct Scanner<'c> {
    config: Option<&'c OcrConfig>,
    on_page: OnPage<'c>,
    time: Duration,
    memory: u64,
    count: u32,
    finished: u32,
    /// What is known of each page; of those that are being read, what their text layer tells.
    pages: Vec<PageText>,
    reading: Vec<Reading>,
    /// Models that no thread has taken yet.
    opened: Option<OcrReader>,
    threads: Option<Workers<Task, PageText>>,
}

struct Reading {
    index: usize,
    bytes: u64,
    /// How wide and high the page is.
    points: (f32, f32),
}

/// A picture of page `number`, of which every point takes `pixels_per_point` pixels.
struct Task {
    number: u32,
    picture: RgbImage,
    pixels_per_point: f32,
}

impl<'c> Scanner<'c> {
    /// Loads nothing yet.
    pub(crate) fn new(engines: &'c EngineConfig, limits: &ParseLimits, on_page: OnPage<'c>) -> Self {
        Self {
            config: engines.ocr.as_ref(),
            on_page,
            time: Duration::from_secs(limits.cpu_seconds).mul_f64(TIME_SHARE),
            memory: limits.memory_bytes,
            count: 0,
            finished: 0,
            pages: Vec::new(),
            reading: Vec::new(),
            opened: None,
            threads: None,
        }
    }

    /// How many pages there will be.
    pub(crate) fn expect(&mut self, count: u32) {
        self.count = count;
    }

    /// Why no picture can be read, where none can.
    pub(crate) fn unusable(&mut self) -> Option<Error> {
        if self.opened.is_some() || self.threads.is_some() {
            return None;
        }
        let Some(config) = self.config else { return Some(ocr::not_installed()) };
        match OcrReader::open(config, self.threads_within()) {
            Ok(reader) => {
                self.opened = Some(reader);
                None
            }
            Err(error) => Some(error),
        }
    }

    /// Whether all the time there is for pictures was taken.
    pub(crate) fn is_out_of_time(&self) -> bool {
        processor_time() > self.time
    }

    /// The next page, which needs no reading.
    pub(crate) fn push(&mut self, page: PageText) {
        self.pages.push(page);
        self.finish_one();
    }

    /// The next page, which `picture` shows; what only its text layer tells is kept.
    pub(crate) fn read(&mut self, layer: PageText, picture: RgbImage, pixels_per_point: f32) -> Result<()> {
        if let Some(error) = self.unusable() {
            return Err(error);
        }
        let Some(config) = self.config else { return Err(ocr::not_installed()) };
        let bytes = picture.as_raw().len() as u64;
        let points = |pixels: u32| pixels as f32 / pixels_per_point.max(1e-3);
        let points = (points(picture.width()), points(picture.height()));
        let most = self.memory / PICTURES_PART;
        while self.held().saturating_add(bytes) > most && self.wait() {}
        let (beside, within) = (self.threads_beside(), self.threads_within());
        let threads = self.threads.get_or_insert_with(|| Workers::new(beside));
        let done: Vec<_> = std::iter::from_fn(|| threads.take()).collect();
        let (index, time) = (self.pages.len(), self.time);
        let task = Task { number: layer.number, picture, pixels_per_point };
        let opened = &mut self.opened;
        threads.give(index, task, || reading(config.clone(), within, opened.take(), time))?;
        self.pages.push(layer);
        self.reading.push(Reading { index, bytes, points });
        for (index, read) in done {
            self.settle(index, read);
        }
        Ok(())
    }

    /// All pages, when the last is read.
    pub(crate) fn finish(mut self) -> Vec<PageText> {
        while self.wait() {}
        tell_notes_together(&mut self.pages);
        tell_together(&mut self.pages);
        tell_crowded(&mut self.pages);
        self.pages
    }

    fn held(&self) -> u64 {
        self.reading.iter().map(|reading| reading.bytes).fold(0, u64::saturating_add)
    }

    /// Waits for a page that is being read; whether there was one.
    fn wait(&mut self) -> bool {
        let Some((index, read)) = self.threads.as_mut().and_then(Workers::wait) else { return false };
        self.settle(index, read);
        true
    }

    /// The page with what OCR reads on it.
    fn settle(&mut self, index: usize, read: PageText) {
        let at = self.reading.iter().position(|reading| reading.index == index);
        let points = at.map(|at| self.reading.swap_remove(at).points).unwrap_or_default();
        if let Some(page) = self.pages.get_mut(index) {
            let layer = std::mem::replace(page, PageText::new(read.number, Vec::new()));
            *page = settled(layer, read, points);
        }
        self.finish_one();
    }

    fn finish_one(&mut self) {
        self.finished = self.finished.saturating_add(1);
        (self.on_page)(self.finished, self.count);
    }

    /// How many pages are read at the same time at most.
    fn threads_beside(&self) -> usize {
        let by_memory = self.memory.saturating_sub(OTHER_MEMORY) / READER_MEMORY;
        let by_memory = usize::try_from(by_memory).unwrap_or(usize::MAX);
        let pages = usize::try_from(self.count).unwrap_or(usize::MAX);
        self.config.map_or(1, |config| config.threads).min(by_memory).min(pages).max(1)
    }

    /// How many threads share the work on one page: several only where there are fewer pages than threads.
    fn threads_within(&self) -> usize {
        self.config.map_or(1, |config| config.threads / self.threads_beside()).max(1)
    }
}

/// What OCR reads on a page so many points wide and high, unless its text layer has more to tell.
pub(super) fn settled(layer: PageText, read: PageText, points: (f32, f32)) -> PageText {
    if layer.lines.is_empty() || read.letters() > layer.letters() {
        return layer::merged(layer, read, points);
    }
    let unread = if read.lines.is_empty() { read.warning } else { None };
    PageText { warning: told_together(layer.warning, unread), ..layer }
}

/// Of very many pages with text beside what is seen of them, as files for printers have on each, most are told in one
/// note: a document has so many warnings at most, and others mean more.
fn tell_notes_together(pages: &mut [PageText]) {
    let is_note = |page: &&mut PageText| matches!(page.warning, Some((WarningKind::Note, _)));
    let mut others: Vec<&mut PageText> = pages.iter_mut().filter(is_note).skip(MOST_TOLD).collect();
    let numbers: Vec<u32> = others.iter().map(|page| page.number).collect();
    let [first, rest @ ..] = others.as_mut_slice() else { return };
    if rest.is_empty() {
        return;
    }
    let message = format!(
        "pages {} have characters outside of what is seen of them, which were left out",
        stretches(&numbers)
    );
    first.warning = Some((WarningKind::Note, message));
    for page in rest {
        page.warning = None;
    }
}

/// Of very many pages that show more than they have as text, most are told in one warning.
fn tell_together(pages: &mut [PageText]) {
    let is_stamped =
        |page: &&mut PageText| page.needs_ocr && !page.lines.is_empty() && page.warning.is_none();
    let mut others: Vec<&mut PageText> = pages.iter_mut().filter(is_stamped).skip(MOST_TOLD).collect();
    let numbers: Vec<u32> = others.iter().map(|page| page.number).collect();
    let [first, _, ..] = others.as_mut_slice() else { return };
    let message = format!(
        "pages {} show more than the file has as text, and OCR is not installed; run {} to have them read as they look",
        stretches(&numbers),
        ocr::INSTALL
    );
    first.warning = Some((WarningKind::Lost, message));
    // Each of them would be told by itself.
    for page in others {
        page.needs_ocr = false;
    }
}

/// Tells of pages that draw more than is looked at, as maps do; of very many, most in one warning.
fn tell_crowded(pages: &mut [PageText]) {
    let mut crowded: Vec<&mut PageText> = pages.iter_mut().filter(|page| page.crowded).collect();
    let alone = if crowded.len() > MOST_TOLD + 1 { MOST_TOLD } else { crowded.len() };
    let (alone, others) = crowded.split_at_mut(alone);
    let tell = |page: &mut PageText, subject: &str| {
        let message = format!("{subject} more than is looked at; tables may be read as text");
        page.warning = told_together(page.warning.take(), Some((WarningKind::Doubtful, message)));
    };
    for page in alone {
        tell(page, "the page draws");
    }
    let numbers: Vec<u32> = others.iter().map(|page| page.number).collect();
    if let [first, ..] = others {
        tell(first, &format!("pages {} draw", stretches(&numbers)));
    }
}

/// Rising numbers as `3, 5 to 9`; of very many stretches the first ones.
fn stretches(numbers: &[u32]) -> String {
    let parts: Vec<&[u32]> = numbers.chunk_by(|one, next| one + 1 == *next).collect();
    let told = parts.iter().take(MOST_TOLD).map(|part| match part {
        [only] => only.to_string(),
        part => format!("{} to {}", part[0], part[part.len() - 1]),
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let left_off = parts.iter().skip(MOST_TOLD).map(|part| part.len()).sum::<usize>();
    if left_off == 0 { told } else { format!("{told} and {left_off} more") }
}

/// What a thread does with each picture, by models that it opens where it was given none.
fn reading(
    config: OcrConfig,
    threads: usize,
    mut reader: Option<OcrReader>,
    time: Duration,
) -> impl FnMut(Task) -> PageText {
    move |task| {
        let open = || OcrReader::open(&config, threads);
        match catch_unwind(AssertUnwindSafe(|| read_task(&mut reader, open, &task, time))) {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => PageText::unreadable(task.number, &format!("OCR: {error}")),
            Err(_) => {
                // Whatever state it is in.
                reader = None;
                PageText::unreadable(task.number, "OCR panicked")
            }
        }
    }
}

fn read_task(
    reader: &mut Option<OcrReader>,
    open: impl FnOnce() -> Result<OcrReader>,
    task: &Task,
    time: Duration,
) -> Result<PageText> {
    if processor_time() > time {
        return Ok(PageText::out_of_time(task.number));
    }
    let reader = match reader {
        Some(reader) => reader,
        none => none.insert(open()?),
    };
    let text = reader.read(&task.picture)?;
    Ok(page(task.number, text, task.picture.dimensions(), task.pixels_per_point))
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::layout::{Cell, Line};
    use super::*;

    #[test]
    fn a_picture_that_could_not_be_read_is_told_beside_its_text_layer() {
        let (engines, limits) = (EngineConfig::default(), ParseLimits::default());
        let on_page = |_: u32, _: u32| {};
        let mut scanner = Scanner::new(&engines, &limits, &on_page);
        scanner.pages.push(PageText::new(1, vec![Line::default()]));
        scanner.settle(0, PageText::unreadable(1, "OCR panicked"));
        let page = scanner.pages.remove(0);
        assert_eq!(page.lines.len(), 1);
        let (kind, message) = page.warning.unwrap();
        assert!(kind == WarningKind::Lost && message.contains("OCR panicked"), "{message}");
    }

    fn with_text(text: &str, warning: &str) -> PageText {
        let cells = vec![Cell { text: text.to_owned(), ..Cell::default() }];
        let warning = Some((WarningKind::Lost, warning.to_owned()));
        PageText { warning, ..PageText::new(1, vec![Line { cells, ..Line::default() }]) }
    }

    #[test]
    fn the_layers_warning_is_told_whether_ocr_reads_more_or_not() {
        for read in ["a", "a whole page of text"] {
            let layer = with_text("stamp", "remarks are left out");
            let page = settled(layer, with_text(read, "doubts"), (0.0, 0.0));
            let (kind, message) = page.warning.unwrap();
            assert!(kind == WarningKind::Lost && message.contains("remarks are left out"), "{message}");
        }
    }

    #[test]
    fn notes_of_very_many_pages_are_one() {
        let noted = |number: u32| {
            let kind = if number == 30 { WarningKind::Lost } else { WarningKind::Note };
            let warning = Some((kind, format!("{number} characters were left out")));
            PageText { warning, ..PageText::new(number, vec![Line::default()]) }
        };
        let mut few: Vec<PageText> = (1..=21).map(noted).collect();
        tell_notes_together(&mut few);
        assert_eq!(few.iter().filter(|page| page.warning.is_some()).count(), 21);
        let mut many: Vec<PageText> = (1..=500).map(noted).collect();
        tell_notes_together(&mut many);
        let told: Vec<_> = many.iter().filter_map(|page| page.warning.as_ref()).collect();
        assert_eq!(told.len(), MOST_TOLD + 2);
        assert!(told[MOST_TOLD].1.starts_with("pages 21 to 29, 31 to 500 have"), "{told:?}");
        assert_eq!(told[MOST_TOLD + 1].0, WarningKind::Lost);
    }

    #[test]
    fn pages_that_draw_too_much_are_told() {
        let crowded = |number: u32| {
            let warning = (number == 2).then(|| (WarningKind::Lost, "remarks are left out".to_owned()));
            PageText { crowded: number != 30, warning, ..PageText::new(number, vec![Line::default()]) }
        };
        let told = |count: u32| {
            let mut pages: Vec<PageText> = (1..=count).map(crowded).collect();
            tell_crowded(&mut pages);
            pages.into_iter().filter_map(|page| page.warning).collect::<Vec<_>>()
        };
        assert_eq!(told(21).len(), 21);
        let told = told(500);
        assert_eq!(told.len(), MOST_TOLD + 1);
        assert!(
            told[0].0 == WarningKind::Doubtful && told[0].1.starts_with("the page draws more"),
            "{told:?}"
        );
        assert!(told[1].0 == WarningKind::Lost && told[1].1.contains("left out; the page draws"), "{told:?}");
        assert!(told[MOST_TOLD].1.starts_with("pages 21 to 29, 31 to 500 draw more"), "{told:?}");
    }

    #[test]
    fn very_many_pages_are_told_in_one_warning() {
        let stamped = |number: u32| {
            let needs_ocr = number != 30;
            PageText { needs_ocr, ..PageText::new(number, vec![Line::default()]) }
        };
        let mut few: Vec<PageText> = (1..=21).map(stamped).collect();
        tell_together(&mut few);
        assert!(few.iter().all(|page| page.needs_ocr && page.warning.is_none()));
        let mut many: Vec<PageText> = (1..=500).map(stamped).collect();
        tell_together(&mut many);
        assert_eq!(many.iter().filter(|page| page.needs_ocr).count(), MOST_TOLD);
        let told: Vec<_> = many.iter().filter_map(|page| page.warning.as_ref()).collect();
        assert!(told.len() == 1 && told[0].1.starts_with("pages 21 to 29, 31 to 500 show more"), "{told:?}");
        let odd: Vec<u32> = (0..60).map(|number| 2 * number + 1).collect();
        assert!(stretches(&odd).starts_with("1, 3, ") && stretches(&odd).ends_with("39 and 40 more"));
    }
}
