//! The engine with its limits: a query runs on a thread of its own, and whoever asked waits for it no longer than agreed.
//!
//! Three things stop a query. The engine's own clock stops one that gives way now and then, as joins, recursion and series do. Its
//! memory pool refuses what operators ask for beyond the limit. From outside, the waiting thread looks at the clock and at the
//! memory of the process, for what the engine does in one step without asking; such a query cannot be stopped, only left alone, and
//! the database answers no further query after that.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use datafusion::common::config::Dialect;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::optimizer::analyzer::Analyzer;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser;
use datafusion::sql::sqlparser::ast;
use futures::StreamExt;
use plimsoll_types::Timestamp;

use crate::answer::{Answer, Collector};
use crate::functions::{Now, TAKEN_OUT};
use crate::guard::{self, Request};
use crate::severity::Order;
use crate::tables::{TABLES, Tables};

/// How long the engine has to notice that its time is up.
const GRACE: Duration = Duration::from_millis(500);

/// How often the waiting thread looks at the memory.
const LOOK: Duration = Duration::from_millis(10);

/// The stack of a query's thread. Plans are walked recursively; what is not touched costs nothing.
const STACK: usize = 256 << 20;

/// What a query may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long it may run.
    pub time: Duration,
    /// How many rows it may give. There may be more; the answer says so.
    pub rows: usize,
    /// How much memory it may hold in bytes. What the engine does not count is watched from outside, and stopped at twice that.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { time: Duration::from_secs(10), rows: 10_000, memory: 256 << 20 }
    }
}

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It cannot be read.
    #[error("the query cannot be read: {0}")]
    Syntax(String),
    /// It is too long.
    #[error("the query is too long: {0}")]
    TooLong(String),
    /// It is not one statement.
    #[error("one statement is wanted, without others beside it")]
    NotOne,
    /// It does something else than read.
    #[error(
        "{0} is refused: tables are read only, by SELECT, WITH, VALUES, EXPLAIN, SHOW TABLES or SHOW COLUMNS"
    )]
    Refused(String),
    /// It asks for what there is not, or mixes what does not go together.
    #[error("{0}")]
    Invalid(String),
    /// Its time was up.
    #[error("the query took longer than {0:?} and was stopped")]
    Time(Duration),
    /// It wanted more memory than it may have.
    #[error("the query wanted more than {0} MiB of memory and was stopped")]
    Memory(usize),
    /// An earlier query is still running and cannot be stopped.
    #[error("an earlier query could not be stopped, so no more are answered")]
    Stuck,
    /// The engine failed.
    #[error("the engine failed: {0}")]
    Engine(String),
}

/// Tables that can be queried.
pub struct Database {
    context: SessionContext,
    limits: Limits,
    stuck: AtomicBool,
    // One query at a time: the memory that is watched is that of the process.
    turn: Mutex<()>,
}

impl Database {
    /// A database of `tables`, in which `now()` is `now`.
    ///
    /// # Errors
    ///
    /// When the engine does not take the tables, which would be a fault of Plimsoll.
    pub fn new(tables: Tables, now: Timestamp, limits: Limits) -> Result<Database, QueryError> {
        let failed = |error: DataFusionError| QueryError::Engine(short(&error));
        let mut config = SessionConfig::new()
            // One thread gives the rows of a query without ORDER BY in the same order each time.
            .with_target_partitions(1)
            .with_information_schema(false)
            .with_default_catalog_and_schema("plimsoll", "public");
        let options = config.options_mut();
        options.sql_parser.dialect = Dialect::PostgreSQL;
        options.sql_parser.map_string_types_to_utf8view = false;
        options.execution.time_zone = Some(crate::tables::utc().to_string());
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()
            .map_err(failed)?;
        // The order of severities comes before types are made to fit, which are the last rule.
        let mut rules = Analyzer::new().rules;
        rules.insert(rules.len().saturating_sub(1), Arc::new(Order::new()));
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .with_analyzer_rules(rules)
            .build();
        let context = SessionContext::new_with_state(state);
        for name in TAKEN_OUT {
            context.deregister_udf(name);
        }
        context.register_udf(Now::function(now));
        let batches = tables.batches().map_err(|error| QueryError::Engine(error.to_string()))?;
        for (name, batch) in batches {
            context.register_batch(name, batch).map_err(failed)?;
        }
        Ok(Database { context, limits, stuck: AtomicBool::new(false), turn: Mutex::new(()) })
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers a query.
    ///
    /// # Errors
    ///
    /// When it does something else than read, cannot be read, asks for what there is not, or exceeds its limits.
    pub fn query(&self, sql: &str) -> Result<Answer, QueryError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stuck.load(Ordering::Relaxed) {
            return Err(QueryError::Stuck);
        }
        let limits = self.limits;
        let (context, text) = (self.context.clone(), sql.to_owned());
        let (sender, receiver) = mpsc::sync_channel(1);
        let before = resident();
        let start = Instant::now();
        std::thread::Builder::new()
            .name("query".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                // Nobody listens any more when the time is up.
                let _ = sender.send(answer(&context, &text, limits));
            })
            .map_err(|error| QueryError::Engine(error.to_string()))?;
        loop {
            match receiver.recv_timeout(LOOK) {
                Ok(answer) => return answer,
                // A panic of the engine took the sender with it.
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(QueryError::Engine("it met a case that it did not expect".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let error = if start.elapsed() > limits.time + GRACE {
                        QueryError::Time(limits.time)
                    } else if resident().saturating_sub(before) > limits.memory.saturating_mul(2) {
                        QueryError::Memory(limits.memory >> 20)
                    } else {
                        continue;
                    };
                    self.stuck.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    }
}

/// The memory that this process holds for itself in bytes; 0 where the system does not say. Pages of files are no query's: the
/// program's own code is among them, which comes in while the first query runs.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok());
    kibibytes.unwrap_or_default().saturating_mul(1024)
}

fn answer(context: &SessionContext, sql: &str, limits: Limits) -> Result<Answer, QueryError> {
    let statement = match guard::read(sql)? {
        Request::Query(statement) => statement,
        Request::Tables => return Ok(Answer::tables()),
        Request::Columns(table) => {
            let found = TABLES.iter().find(|known| known.name.eq_ignore_ascii_case(&table));
            return found.map(Answer::columns).ok_or_else(|| QueryError::Invalid(no_table(&table)));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| QueryError::Engine(error.to_string()))?;
    runtime.block_on(async {
        tokio::time::timeout(limits.time, run(context, *statement, limits))
            .await
            .unwrap_or(Err(QueryError::Time(limits.time)))
    })
}

async fn run(
    context: &SessionContext,
    statement: ast::Statement,
    limits: Limits,
) -> Result<Answer, QueryError> {
    let told = |error: DataFusionError| explain(&error, limits);
    let state = context.state();
    let plan =
        state.statement_to_plan(parser::Statement::Statement(Box::new(statement))).await.map_err(told)?;
    // The statement was looked at already; should the engine make something else of it, it says so itself.
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(told)?;
    let plan = state.create_physical_plan(&plan).await.map_err(told)?;
    let mut stream = execute_stream(plan, state.task_ctx()).map_err(told)?;
    let mut collector = Collector::new(&stream.schema(), limits);
    while let Some(batch) = stream.next().await {
        if !collector.take(&batch.map_err(told)?)? {
            break;
        }
    }
    Ok(collector.finish())
}

/// An error of the engine in the user's words.
fn explain(error: &DataFusionError, limits: Limits) -> QueryError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => QueryError::Memory(limits.memory >> 20),
        DataFusionError::Internal(_) => QueryError::Engine(short(error)),
        _ => QueryError::Invalid(short(error)),
    }
}

/// The first line of an error, without the engine's own words before it.
fn short(error: &DataFusionError) -> String {
    let text = error.find_root().strip_backtrace();
    let line = text.lines().next().unwrap_or_default();
    let mut line = line;
    for prefix in [
        "Error during planning: ",
        "Schema error: ",
        "SQL error: ",
        "Execution error: ",
        "This feature is not implemented: ",
    ] {
        line = line.strip_prefix(prefix).unwrap_or(line);
    }
    if let Some(rest) = line.strip_prefix("table 'plimsoll.public.")
        && let Some(table) = rest.strip_suffix("' not found")
    {
        return no_table(table);
    }
    line.replace("plimsoll.public.", "")
}

fn no_table(table: &str) -> String {
    let shown: String = table.chars().take(80).collect();
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    format!("there is no table '{shown}'; there is {}", names.join(", "))
}
