//! Compiling components and linking them with what the host offers.

use std::{path::Path, sync::Arc, thread};

use anyhow::{Context as _, Result, anyhow};
use wasmtime::{
    Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    component::{Component as Code, Linker},
};
use wasmtime_wasi_http::{
    WasiHttp, WasiHttpView as _,
    p3::bindings::{
        ServicePre,
        http::{client, types},
    },
};

use crate::{
    app::{App, Component},
    bindings::{postgres, variables},
    outgoing::Calls,
    postgres::Postgres,
    state::{State, VariablesOf},
};

/// Live instances of all components together, unless the environment says otherwise as it can to Spin.
const INSTANCES: u32 = 1_000;
const MIB: usize = 1 << 20;

/// A component whose imports are all there, ready to be instantiated.
pub type Linked = (Arc<Component>, ServicePre<State>);

/// Compiles every component of an application that a trigger leads to, or takes it from the cache.
///
/// # Errors
/// A file that is no component, does not export `wasi:http/handler@0.3`, or imports what the host does not offer.
pub fn link(app: &App, cache: &Path) -> Result<Vec<Linked>> {
    std::fs::create_dir_all(cache).with_context(|| format!("cannot create the cache {}", cache.display()))?;
    let engine = Engine::new(&config(&cache.canonicalize()?)?)?;
    let linker = linker(&engine)?;
    // wasmtime compiles the functions of one component in parallel; the small ones gain from going side by side too.
    thread::scope(|scope| {
        let running: Vec<_> = app
            .components
            .iter()
            // As in Spin, what no trigger leads to is not even looked at.
            .filter(|component| app.serves(&component.id))
            .map(|component| {
                let (engine, linker) = (&engine, &linker);
                scope.spawn(move || {
                    prepare(engine, linker, component)
                        .with_context(|| format!("cannot load component {:?}", component.id))
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("compiling panicked"))?).collect()
    })
}

fn prepare(engine: &Engine, linker: &Linker<State>, component: &Arc<Component>) -> Result<Linked> {
    let code = Code::from_file(engine, &component.source)
        .map_err(anyhow::Error::from)
        .with_context(|| format!("cannot compile {}", component.source.display()))?;
    let pre = ServicePre::new(linker.instantiate_pre(&code)?)
        .map_err(anyhow::Error::from)
        .context("expected component to export `wasi:http/handler@0.3`")?;
    Ok((Arc::clone(component), pre))
}

fn config(cache: &Path) -> Result<Config> {
    let count = match std::env::var("SPIN_MAX_INSTANCE_COUNT") {
        Ok(count) => count.parse().context("SPIN_MAX_INSTANCE_COUNT is no number")?,
        Err(_) => INSTANCES,
    };
    let memory = match std::env::var("SPIN_MAX_INSTANCE_MEMORY") {
        Ok(bytes) => bytes.parse().context("SPIN_MAX_INSTANCE_MEMORY is no number")?,
        Err(_) => 4096 * MIB,
    };
    // The limits that Spin sets: beyond them a new instance fails at once.
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(count)
        .total_memories(count)
        .total_tables(count.saturating_mul(2))
        .total_stacks(count)
        .total_core_instances(count.saturating_mul(4))
        .table_elements(100_000)
        .max_component_instance_size(10 * MIB)
        .max_core_instance_size(10 * MIB)
        .max_core_instances_per_component(200)
        .max_tables_per_component(64)
        .max_memories_per_component(32)
        .max_tables_per_module(2)
        .max_memories_per_module(2)
        .max_memory_size(memory)
        .linear_memory_keep_resident(2 * MIB)
        .table_keep_resident(MIB / 2);
    let mut kept = CacheConfig::new();
    kept.with_directory(cache);
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        // Nothing ever interrupts a guest, but the code is the one that Spin would run, with the same checks in it.
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cache(Some(Cache::new(kept)?));
    Ok(config)
}

fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    types::add_to_linker::<_, WasiHttp>(&mut linker, State::http)?;
    client::add_to_linker::<_, Calls>(&mut linker, State::http)?;
    postgres::add_to_linker::<_, Postgres>(&mut linker, State::postgres)?;
    variables::add_to_linker::<_, VariablesOf>(&mut linker, State::variables)?;
    Ok(linker)
}
